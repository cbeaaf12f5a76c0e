"""The region's files, held against the services' own rules: what is wrong shows before anything is started."""

import shutil
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from deploy.region.announce import TYPE, headers, value
from deploy.region.data import FOLDER, BadRegion, Community, Region, Resource, read
from deploy.topics.declared import declared
from services.membership.model import Community as Started
from services.membership.model import CommunityType, Definition, Person, Wishes
from services.resources.model import About, inspect, link
from services.scheduling.model import Rhythm, Schedule
from shared.contracts.notifications import NotificationRequested
from shared.events import cloudevents

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REGION = read()
COMMUNITIES = pytest.mark.parametrize(
    "community", REGION.communities.values(), ids=lambda c: c.name
)
RESOURCES = pytest.mark.parametrize(
    "resource",
    [one for community in REGION.communities.values() for one in community.resources],
    ids=lambda one: one.title,
)


def test_two_dozen_people_meet_in_three_communities_of_two_kinds():
    communities = REGION.communities.values()
    assert (len(REGION.types), len(communities), len({one.type for one in communities})) == (
        4,
        3,
        2,
    )
    assert {person for one in communities for person in one.insiders} == REGION.people.keys()
    assert len(REGION.people) == 24


@pytest.mark.parametrize("who", [REGION.office, *REGION.people.values()], ids=lambda who: who.name)
def test_everybody_may_register_under_an_address_that_leads_nowhere(who: Any):
    person, _ = Person.register("id", who.name, who.address, None, NOW)
    assert (person.name, person.email) == (who.name, who.address)
    assert who.address.endswith((".example.org", ".example.net"))


def test_no_two_people_share_an_address():
    addresses = [person.address.lower() for person in REGION.people.values()]
    assert len(set(addresses)) == len(addresses)


@COMMUNITIES
def test_a_community_can_be_started_of_its_type(community: Community):
    kind, _ = CommunityType.define(
        community.type, Definition.model_validate(REGION.types[community.type])
    )
    wishes = {name: said for name, said in community.wishes.items() if name != "community_type"}
    started, *_ = Started.start("c", kind, Wishes.model_validate(wishes), "ann", NOW)
    assert started.name == community.name
    assert started.places == community.places


@COMMUNITIES
def test_whoever_is_invited_needs_it(community: Community):
    """An invitation to where everybody may join would be a mail too many."""
    if REGION.types[community.type]["join_policy"] == "open":
        assert not [member for member in community.members if member.invited]


@COMMUNITIES
def test_a_rhythm_gives_meetings_and_soon_an_invitation(community: Community):
    wish = Rhythm.model_validate(community.rhythm)
    schedule, _ = Schedule(community_id="c", feed_token="t").choose(wish, "ann", "http://x", NOW)
    days = schedule.days_due(schedule.horizon(NOW))
    assert len(days) >= 5
    assert wish.format == (community.format or REGION.types[community.type]["rhythm"]["format"])
    assert wish.seats is None or wish.seats > len(community.insiders)
    longest_pause = max(later - day for day, later in pairwise(days))
    assert timedelta(days=community.notice_days) >= longest_pause / 2


@RESOURCES
def test_what_is_shared_is_accepted(resource: Resource):
    about = About(title=resource.title, description=resource.description, tags=resource.tags)
    assert about.title == resource.title
    if resource.file:
        found = inspect(resource.file, resource.path.read_bytes())
        assert found.name == resource.file
        assert found.size > 500
    else:
        assert link(str(resource.url)).url == str(resource.url)


def test_every_file_is_shared_or_the_source_of_one_that_is():
    shared = {one.file for community in REGION.communities.values() for one in community.resources}
    kept = {path.name for path in (FOLDER / "files").iterdir()}
    assert kept - {"hard-conversations.html"} == shared - {None}


@pytest.mark.parametrize("announcement", REGION.news.announcements, ids=lambda one: one.id)
def test_an_announcement_is_an_event_of_another_system(announcement: Any):
    told = cloudevents.read(
        value(announcement, ["p1", "p2"]),
        headers(announcement, REGION.news),
        {TYPE: NotificationRequested},
    )
    assert isinstance(told, cloudevents.Envelope)
    assert told.data.audience.people == ("p1", "p2")
    assert told.data.key == announcement.id
    assert told.source == str(REGION.news.source)
    assert NotificationRequested.type == TYPE
    assert NotificationRequested.topic in {topic.name for topic in declared(replication=1)}


def test_an_announcement_sent_again_is_the_same_event():
    [announcement, *_] = REGION.news.announcements
    first, again = (dict(headers(announcement, REGION.news)) for _ in range(2))
    assert [first[name] for name in ("ce_id", "ce_source")] == [
        again[name] for name in ("ce_id", "ce_source")
    ]


# What is wrong with the files is said at once, with its place


def with_changed(folder: Path, file: str, old: str, new: str) -> Region:
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py"))
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    return read(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (
            "communities/coldbeck.yaml",
            "started_by: eilidh",
            "started_by: nobody",
            "coldbeck.yaml: started_by: 'nobody' is not in people.yaml",
        ),
        (
            "communities/coldbeck.yaml",
            "person: zoe",
            "person: eilidh",
            "coldbeck.yaml: members.4: 'eilidh' belongs already",
        ),
        (
            "communities/eastmere.yaml",
            "type: one-to-one-practitioners",
            "type: gardeners",
            "eastmere.yaml: type: 'gardeners' is not one of arc-champions, group-leads, leaders",
        ),
        (
            "communities/eastmere.yaml",
            "tentative: [dafydd]",
            "tentative: [rukhsana]",
            "eastmere.yaml: first_meeting.tentative: 'rukhsana' has answered already",
        ),
        (
            "communities/group-leads.yaml",
            "file: group-agreement.md",
            "file: agreement.md",
            "group-leads.yaml: resources.1.file: there is no files/agreement.md",
        ),
        (
            "communities/group-leads.yaml",
            "file: group-agreement.md",
            "file: ../people.yaml",
            "group-leads.yaml: resources.1.file: String should match pattern",
        ),
        (
            "communities/group-leads.yaml",
            "shared_by: haben",
            "shared_by: haben\n    file: group-agreement.md",
            "group-leads.yaml: resources.2: give either url or file",
        ),
        (
            "communities/group-leads.yaml",
            "notice_days: 28",
            "notice_dayz: 28",
            "group-leads.yaml: notice_dayz: Extra inputs are not permitted",
        ),
        (
            "people.yaml",
            "address: mele@fellsidepeers.example.net",
            "address: mele",
            "people.yaml: people.mele.address: value is not a valid email address",
        ),
        ("people.yaml", "people:", "people: [", "people.yaml: while parsing"),
        ("announcements.yaml", "id: communities", "id: Communities", "announcements.0.id: String"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, file: str, old: str, new: str, fault: str):
    with pytest.raises(BadRegion) as told:
        with_changed(tmp_path, file, old, new)
    assert fault in str(told.value)


def test_all_faults_are_named_at_once(tmp_path: Path):
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    (tmp_path / "announcements.yaml").write_text("{}")
    (tmp_path / "people.yaml").unlink()
    with pytest.raises(BadRegion) as told:
        read(tmp_path)
    assert "announcements.yaml: source: Field required" in str(told.value)
    assert "people.yaml: " in str(told.value)
    assert "No such file" in str(told.value)
