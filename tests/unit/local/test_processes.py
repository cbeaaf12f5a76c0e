"""Processes are ended only when they are ours."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.cache import cached
from deploy.local.processes import CannotStart, Process, Running, running_in

SLEEPS = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(60)"]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = Process("sleeper", tmp_path, SLEEPS, ready=lambda: True)
    process.start()
    yield process
    process.stop()


def test_another_program_finds_what_was_started(sleeper: Process, tmp_path: Path):
    again = Process("sleeper", tmp_path, SLEEPS, ready=lambda: True)
    again.start()
    assert list(running_in(tmp_path)) == ["sleeper"]
    again.stop()
    assert not sleeper.alive


def test_a_pid_that_went_to_somebody_else_is_left_alone(tmp_path: Path):
    mine = os.getpid()
    (tmp_path / "pids").mkdir()
    (tmp_path / "pids" / "old.json").write_text(json.dumps({"pid": mine, "birth": "long ago"}))
    Process("old", tmp_path, SLEEPS, ready=lambda: True).stop(grace=0)
    assert Running.of(mine).alive


def test_a_paused_process_can_be_ended(sleeper: Process):
    sleeper.pause()
    sleeper.stop(grace=5)
    assert not sleeper.alive


def test_a_killed_process_starts_again(sleeper: Process):
    sleeper.kill()
    assert not sleeper.alive
    sleeper.start()
    assert sleeper.alive


def test_who_dies_at_once_shows_its_last_words(tmp_path: Path):
    dies = [sys.executable, "-c", "raise SystemExit('the port is taken')"]
    with pytest.raises(CannotStart, match="the port is taken"):
        Process("mayfly", tmp_path, dies, ready=lambda: False).start()


def test_an_aborted_download_is_never_taken_for_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COPSE_CACHE", str(tmp_path))

    def aborted(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached("jars", aborted)
    folder = cached("jars", lambda folder: (folder / "all").touch())
    assert [file.name for file in folder.iterdir()] == ["all"]
    assert cached("jars", aborted) == folder


def test_every_taken_port_is_named_with_the_way_out():
    taken = ports.free()
    with pytest.raises(CannotStart) as told:
        ports.require_free({"kafka": taken["kafka"], "smtp": taken["kafka"]})
    assert "meant for kafka too" in str(told.value)
    assert "COPSE_PORT_SMTP=" in str(told.value)


def test_a_port_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COPSE_PORT_MEMBERSHIP", "9001")
    assert ports.chosen({"membership": 8001, "scheduling": 8002})["membership"] == 9001
    monkeypatch.setenv("COPSE_PORT_MEMBERSHIP", "99999")
    with pytest.raises(CannotStart, match="COPSE_PORT_MEMBERSHIP is '99999'"):
        ports.chosen({"membership": 8001})
