"""deploy/topics.yaml: what it may say, and what becomes of it."""

from pathlib import Path

import pytest

from deploy.topics.apply import Found, compare
from deploy.topics.declared import BadFile, Topic, declared

DAY = 86_400_000


def a_file(
    folder: Path, *, topic: str = "a.b: {partitions: 6, keep: everything}", stay: str = "14d"
) -> Path:
    file = folder / "topics.yaml"
    file.write_text(
        f"topics:\n  {topic}\n"
        "dead_letters: {partitions: 1, keep: 90d}\n"
        f"compaction: {{within: 1d, tombstones_stay: {stay}}}\n"
    )
    return file


def named(topics: list[Topic]) -> dict[str, Topic]:
    return {topic.name: topic for topic in topics}


def test_every_topic_has_its_dead_letters():
    topics = named(declared(replication=1))
    alive = [name for name in topics if not name.endswith(".dead")]
    assert len(topics) == 2 * len(alive)
    for name in alive:
        assert topics[f"{name}.dead"].partitions == 1
        assert topics[f"{name}.dead"].settings["retention.ms"] == str(90 * DAY)


def test_facts_stay_for_ever():
    assert named(declared(replication=1))["scheduling.meetings"].settings["retention.ms"] == "-1"


def test_people_can_be_erased_and_everyone_hears_of_it():
    people = named(declared(replication=1))["membership.people"].settings
    assert people["cleanup.policy"] == "compact"
    assert int(people["delete.retention.ms"]) >= 7 * DAY
    assert int(people["min.compaction.lag.ms"]) < int(people["max.compaction.lag.ms"])


@pytest.mark.parametrize(("copies", "needed"), [(1, "1"), (2, "1"), (3, "2")])
def test_one_copy_may_be_away(copies: int, needed: str):
    assert {topic.settings["min.insync.replicas"] for topic in declared(copies)} == {needed}


@pytest.mark.parametrize(
    ("topic", "complaint"),
    [
        ("a.b: {partitions: 0, keep: everything}", "topics.a.b.partitions"),
        ("a.b: {partitions: 6, keep: 90 days}", "topics.a.b.keep"),
        ("a.b: {partitions: 6, keep: true}", "topics.a.b.keep"),
        ("a.b: {partitions: 6}", "topics.a.b.keep: Field required"),
        ("a.b: {partitions: 6, keep: 90d, retain: 1}", "topics.a.b.retain"),
        ("meetings: {partitions: 6, keep: 90d}", "topics.meetings"),
        ("a.b: {partitions: 6", "is not YAML"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, topic: str, complaint: str):
    with pytest.raises(BadFile) as told:
        declared(1, a_file(tmp_path, topic=topic))
    assert complaint in str(told.value)


def test_a_tombstone_cannot_go_before_those_who_were_away_return(tmp_path: Path):
    with pytest.raises(BadFile, match="tombstones_stay"):
        declared(1, a_file(tmp_path, stay="6d"))


def test_what_is_as_declared_is_left_alone(tmp_path: Path):
    topics = declared(1, a_file(tmp_path))
    there = {topic.name: Found(topic.partitions, topic.settings) for topic in topics}
    assert compare(topics, there).nothing_to_do


def test_partitions_are_never_changed(tmp_path: Path):
    topics = declared(1, a_file(tmp_path))
    there = {topic.name: Found(topic.partitions + 1, topic.settings) for topic in topics}
    plan = compare(topics, there)
    assert not plan.changed
    assert "keys would move" in plan.refused[0]


def test_a_setting_made_by_hand_is_taken_back(tmp_path: Path):
    topics = declared(1, a_file(tmp_path))
    there = {
        topic.name: Found(
            topic.partitions, {**topic.settings, "retention.ms": "1", "segment.ms": "2"}
        )
        for topic in topics
    }
    plan = compare(topics, there)
    assert plan.changed == topics
    assert "a.b: retention.ms from 1 to -1" in plan.changes
    assert "a.b: segment.ms from 2 to unset" in plan.changes
