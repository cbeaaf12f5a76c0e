"""Which parts the tests run on is chosen by a word; another is refused before any test."""

import os
import subprocess
import sys

import pytest

from deploy.local.processes import CannotStart
from deploy.local.state import ROOT
from tests.support.parts import COMPOSE, CONTAINERS, EMBEDDED, KINDS, VARIABLE, chosen


def test_without_a_word_they_are_embedded() -> None:
    assert chosen({}) == chosen({VARIABLE: ""}) == EMBEDDED


@pytest.mark.parametrize("kind", [EMBEDDED, CONTAINERS, COMPOSE])
def test_each_kind_can_be_chosen(kind: str) -> None:
    assert chosen({VARIABLE: kind}) == kind


def test_a_word_that_is_none_is_refused_and_the_others_are_named() -> None:
    with pytest.raises(CannotStart, match="'container'") as refused:
        chosen({VARIABLE: "container"})
    assert all(f"\n  {kind} " in str(refused.value) for kind in KINDS)


def test_a_run_with_a_wrong_word_says_so_and_runs_nothing() -> None:
    assert "it may be" in refused_run(**{VARIABLE: "docker"})


def test_a_run_on_containers_without_docker_says_so_and_runs_nothing() -> None:
    nowhere = {"DOCKER_HOST": "tcp://127.0.0.1:1"}
    assert "Containers need Docker" in refused_run(**{VARIABLE: CONTAINERS}, **nowhere)


def refused_run(**variables: str) -> str:
    """What pytest says that refuses to run this file."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", __file__, "-k", "embedded"],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout + done.stderr
    assert "passed" not in done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr
