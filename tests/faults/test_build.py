"""Crash points that nobody reaches prove nothing: each one finds its seam in today's kernel."""

import subprocess
import sys

import pytest

from tests.faults.bugs import BUGS
from tests.faults.build import POINTS, Order


def test_every_crash_point_and_every_seeded_bug_finds_its_seam() -> None:
    """In a process of its own, which is spoiled by it."""
    program = """
from tests.faults.build import install
from tests.faults.bugs import BUGS
install()
for seed in BUGS.values(): seed()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_seam_that_is_gone_is_missed() -> None:
    program = "from tests.faults.build import wrap; wrap('shared.publishing.relay:Relay._gone', lambda f: f)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert b"_gone" in done.stderr


@pytest.mark.parametrize("name", [*POINTS, *BUGS])
def test_names_can_be_typed(name: str) -> None:
    assert name == name.lower()
    assert " " not in name


def test_an_order_for_a_point_that_is_gone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"relay\.gone"):
        Order.parse("relay.gone 1 SIGKILL")
