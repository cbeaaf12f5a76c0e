"""Real parts for the tests that need them: started once a run, on free ports, thrown away."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from deploy.local.mongo import address
from deploy.local.parts import Parts
from deploy.local.throwaway import throwaway

settings.register_profile("long", max_examples=10_000)  # pytest --hypothesis-profile=long


@pytest.fixture(scope="session")
def parts() -> Iterator[Parts]:
    """Apache Kafka, MongoDB and a mailbox of this run's own."""
    with throwaway() as folder, Parts.start(folder) as started:
        yield started


@pytest.fixture(scope="session")
def mongo() -> Iterator[str]:
    """The address of a MongoDB of this run's own, for tests that need no Kafka."""
    from deploy.local import ports
    from deploy.local.mongo import mongo as process

    port = ports.free()["mongo"]
    with throwaway() as folder:
        mongod = process(folder, port)
        mongod.spawn()
        mongod.wait_until_ready()
        yield address(port)
        mongod.stop()
