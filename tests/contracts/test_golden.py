"""Events as they were once written, read by today's code. Golden events are never edited."""

import json
from pathlib import Path

import pytest

from deploy.docs import record, system
from shared.contracts.membership import MemberJoined

HERE = Path(__file__).parent
GOLDEN = sorted((HERE / "golden").glob("*/*.json"))


def test_no_golden_event_was_edited():
    changed = record.edited(HERE)
    assert not changed, f"golden events stay as they were written; restore {', '.join(changed)}"


def test_every_event_has_a_golden_one():
    assert {file.parent.name for file in GOLDEN} >= system.events().keys()


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_golden_event_reads_as_it_was_meant(file: Path):
    trouble = record.misread(json.loads(file.read_text()), system.events())
    assert trouble is None, trouble


# the gate itself


def golden() -> dict[str, object]:
    return json.loads((HERE / "golden" / MemberJoined.type / "1.json").read_text())


def test_an_event_that_todays_code_refuses_is_told():
    trouble = record.misread(golden() | {"data": {"community_id": "c"}}, system.events())
    assert (
        trouble == f"{MemberJoined.type} cannot be read any longer: data.person_id: Field required"
    )


def test_an_event_that_reads_otherwise_is_told():
    data = {"community_id": "c", "person_id": "p", "role": "member", "mood": "glad"}
    trouble = record.misread(golden() | {"data": data}, system.events())
    assert trouble == f"{MemberJoined.type} reads otherwise: {{'mood': None}}"


def test_an_event_of_a_type_that_is_gone_is_told():
    assert (
        record.misread(golden(), {})
        == f"{MemberJoined.type} cannot be read any longer: no such type"
    )


def test_an_edit_an_addition_and_a_removal_are_seen(tmp_path: Path):
    folder = tmp_path / "golden" / "x"
    pages = {folder / f"{n}.json": f'{{"n": {n}}}' for n in (1, 2)}
    record.write(tmp_path, pages)
    assert record.edited(tmp_path) == []
    (folder / "1.json").write_text('{"n": 10}')
    (folder / "2.json").unlink()
    (folder / "3.json").write_text("{}")
    record.write(tmp_path, {})  # seals what is new, and never what was changed
    assert record.edited(tmp_path) == ["golden/x/1.json", "golden/x/2.json"]
