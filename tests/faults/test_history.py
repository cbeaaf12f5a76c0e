"""Whatever people command in whatever order, every acknowledged command takes effect once, in order: T19."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.histories import Histories
from tests.faults.history_system import System
from tests.support.service import a_service


@contextmanager
def both_services(mongo: str) -> Iterator[None]:
    """Membership and scheduling in this process, on a loop of their own."""
    with TemporaryDirectory() as folder, asyncio.Runner() as runner:
        loop = runner.get_loop()
        membership = a_service("membership", mongo, Path(folder))
        scheduling = a_service("scheduling", mongo, Path(folder))
        try:
            Histories.system = System(
                loop,
                loop.run_until_complete(membership.__aenter__()),
                loop.run_until_complete(scheduling.__aenter__()),
            )
            loop.run_until_complete(Histories.system.prepare())
            yield
        finally:
            for one in (scheduling, membership):
                loop.run_until_complete(one.__aexit__(None, None, None))


def run_histories(mongo: str, *, count: int, length: int, always_the_same: bool) -> None:
    """So many histories of so many steps; raises what differs from the model."""
    with both_services(mongo):
        run_state_machine_as_test(
            Histories,
            settings=settings(
                max_examples=count,
                stateful_step_count=length,
                derandomize=always_the_same,
                database=None,
                deadline=None,
                print_blob=True,
                suppress_health_check=[*HealthCheck],
                phases=[Phase.generate],  # to shorten a history takes minutes
            ),
        )


@pytest.mark.timeout(400)
def test_random_histories_are_what_the_model_says(mongo: str) -> None:
    run_histories(mongo, count=12, length=25, always_the_same=True)
