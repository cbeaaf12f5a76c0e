"""Real parts for the tests that need them: started once a run, on free ports, thrown away."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from deploy.local.parts import Parts
from deploy.local.processes import CannotStart
from deploy.local.throwaway import throwaway
from tests.support.parts import mongo_alone, prepare, start_parts

settings.register_profile("long", max_examples=10_000)  # pytest --hypothesis-profile=long


def pytest_sessionstart() -> None:
    """Parts that cannot be had are told once, and not by each test."""
    try:
        prepare()
    except CannotStart as reason:
        raise pytest.UsageError(str(reason)) from reason


@pytest.fixture(scope="session")
def parts() -> Iterator[Parts]:
    """Apache Kafka, MongoDB and a mailbox of this run's own."""
    with throwaway() as folder, start_parts(folder) as started:
        yield started


@pytest.fixture(scope="session")
def mongo() -> Iterator[str]:
    """The address of a MongoDB of this run's own, for tests that need no Kafka."""
    with mongo_alone() as address:
        yield address
