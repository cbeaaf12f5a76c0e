"""What grew is recorded; what breaks is refused."""

import sys
from pathlib import Path

import pytest

from deploy.docs import __main__ as command
from deploy.docs import record, system
from tests.contracts.trees import now, recorded


def test_a_new_event_is_recorded_once_and_a_grown_one_again(tmp_path: Path):
    events = {"e": recorded()}
    record.write(tmp_path, record.unrecorded(tmp_path, events))
    assert record.unrecorded(tmp_path, events) == {}
    before = (tmp_path / "golden/e/1.json").read_bytes()
    grown = {"e": now(colour=(str | None, None))}
    assert record.broken(tmp_path, grown) == []
    record.write(tmp_path, record.unrecorded(tmp_path, grown))
    assert len(record.sealed(tmp_path)) == 3, "all fields, the fewest, and all fields of today"
    assert (tmp_path / "golden/e/1.json").read_bytes() == before
    assert record.edited(tmp_path) == []


def test_an_event_that_is_gone_is_named(tmp_path: Path):
    record.write(tmp_path, record.unrecorded(tmp_path, {"e": recorded()}))
    assert "e is gone; keep it" in str(record.broken(tmp_path, {})[0])


def test_the_command_records_nothing_that_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    kind = recorded().type
    record.write(tmp_path, record.unrecorded(tmp_path, {kind: recorded()}))
    before = (tmp_path / f"schemas/{kind}.json").read_text()
    monkeypatch.setattr(command, "CONTRACTS", tmp_path)
    monkeypatch.setattr(system, "events", lambda: {kind: now(without="note")})
    for arguments in (["docs"], ["docs", "--check"], ["docs", "record"]):
        monkeypatch.setattr(sys, "argv", arguments)
        assert command.main() == command.BROKEN
        assert "TreePlanted.note is gone; keep it" in capsys.readouterr().err
    assert (tmp_path / f"schemas/{kind}.json").read_text() == before


def test_after_a_release_the_record_cannot_be_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    kind = recorded().type
    record.write(tmp_path, record.unrecorded(tmp_path, {kind: recorded()}))
    (tmp_path / "RELEASED").touch()
    monkeypatch.setattr(system, "ROOT", tmp_path)
    monkeypatch.setattr(command, "CONTRACTS", tmp_path)
    monkeypatch.setattr(command, "RELEASED", tmp_path / "RELEASED")
    monkeypatch.setattr(sys, "argv", ["docs", "record", "--all"])
    assert command.main() == command.BROKEN
    assert "they only grow from now on" in capsys.readouterr().err
    assert (tmp_path / f"schemas/{kind}.json").exists()
