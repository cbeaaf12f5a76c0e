"""A backup is whole or not there, and offsets follow the records."""

import os
from pathlib import Path

import bson
import pytest
from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from deploy.cli.backup.documents import Sum
from deploy.cli.backup.manifest import (
    Collection,
    Writing,
    collection_file,
    decoded,
    read_manifest,
    reading,
    taken,
    whole_or_not_there,
    write_manifest,
)
from deploy.cli.backup.positions import Places, moving
from deploy.cli.terminal import Wrong
from shared.types.clock import now


def a_backup(folder: Path) -> Path:
    with whole_or_not_there(folder) as unfinished:
        manifest, one = taken(now(), 7), Collection()
        writing = Writing(collection_file(unfinished, "membership", "people"), one)
        for number in range(3):
            writing.add(bson.encode({"_id": number}))
        writing.close()
        manifest.databases["membership"] = {"people": one}
        write_manifest(unfinished, manifest)
    return folder


def test_a_backup_reads_back(tmp_path: Path):
    folder = a_backup(tmp_path / "b")
    assert read_manifest(folder).documents == 3
    file = collection_file(folder, "membership", "people")
    assert [decoded(raw)["_id"] for raw in reading(file)] == [0, 1, 2]
    for one in (folder, *folder.rglob("*")):
        assert one.stat().st_mode & 0o077 == 0, f"{one} is for its owner alone"


def test_a_backup_that_fails_leaves_nothing_that_looks_like_one(tmp_path: Path):
    def stopped_in_the_middle() -> None:
        with whole_or_not_there(tmp_path / "b") as unfinished:
            (unfinished / "half").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_in_the_middle()
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path):
    folder = a_backup(tmp_path / "b")
    with pytest.raises(Wrong, match="there already"), whole_or_not_there(folder):
        pass
    (tmp_path / "c.unfinished").mkdir()
    with pytest.raises(Wrong, match="another backup"), whole_or_not_there(tmp_path / "c"):
        pass


def test_what_is_missing_or_damaged_is_found_before_a_restore(tmp_path: Path):
    file = collection_file(a_backup(tmp_path / "b"), "membership", "people")
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(Wrong, match="damaged"):
        read_manifest(tmp_path / "b")
    file.unlink()
    with pytest.raises(Wrong, match="missing"):
        read_manifest(tmp_path / "b")
    with pytest.raises(Wrong, match="is no backup"):
        read_manifest(tmp_path)


def test_names_that_are_no_file_names_stay_in_the_folder(tmp_path: Path):
    file = collection_file(tmp_path, "..", "../../x")
    assert file.resolve().is_relative_to(tmp_path)


def test_documents_in_another_order_are_the_same():
    one, other = Sum(), Sum()
    for raw in (b"a", b"b"):
        one.add(raw)
    for raw in (b"b", b"a"):
        other.add(raw)
    assert one == other
    other.add(b"a")
    assert one != other


def places(first: int, end: int, *offsets: int) -> Places:
    found = Places(first, end)
    for offset in offsets:
        found.add(offset)
    return found


def test_without_gaps_nothing_moves():
    whole = places(0, 4, 0, 1, 2, 3)
    assert not whole.moved
    assert [whole.watermark(old) for old in (-1, 0, 3)] == [-1, 0, 3]


@given(st.sets(st.integers(0, 60)), st.integers(0, 5), st.integers(-1, 65))
def test_a_watermark_has_the_same_records_before_it(kept: set[int], more: int, old: int):
    offsets = sorted(kept)
    end = (offsets[-1] + 1 if offsets else 0) + more
    found = places(offsets[0] if offsets else end, end, *offsets)
    assert found.watermark(old) + 1 == sum(offset <= old for offset in offsets)
    assert found.moved == (offsets != [*range(end)])


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_parked_events_keep_their_order_and_never_share_a_place(kept: set[int], parked: set[int]):
    found = places(0, 61, *sorted(kept))
    new = {old: found.position(old) for old in parked}
    assert len({*new.values()}) == len(parked)
    for old in parked & kept:
        assert new[old] == sorted(kept).index(old)
    gone = sorted(parked - kept)
    assert [new[old] for old in gone] == sorted(new[old] for old in gone)
    assert all(new[old] < 0 for old in gone)


def test_watermarks_and_parked_events_follow_and_all_else_stays():
    change = moving({TopicPartition("a.b", 1): places(0, 10, 2, 5, 9)})
    watermark = {"_id": "a.b:1", "offset": 6}
    assert change("watermarks", watermark) == {"_id": "a.b:1", "offset": 1}
    parked = {"_id": "a.b:1:9", "offset": 9, "key": "k"}
    assert change("parked", parked) == {"_id": "a.b:1:2", "offset": 2, "key": "k"}
    for collection, document in (("meetings", watermark), ("watermarks", {"_id": "c.d:1"})):
        assert change(collection, document) is document
