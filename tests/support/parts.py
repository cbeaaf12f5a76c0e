"""Which Kafka and MongoDB the tests run on: COPSE_TEST_PARTS says it."""

import os
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from deploy.local import mongo, ports, services
from deploy.local.parts import Parts
from deploy.local.processes import CannotStart
from deploy.local.system import System
from deploy.local.throwaway import throwaway

VARIABLE = "COPSE_TEST_PARTS"
EMBEDDED, CONTAINERS, COMPOSE = "embedded", "containers", "compose"
KINDS = {
    EMBEDDED: "processes of this run's own, without Docker",
    CONTAINERS: "containers of this run's own",
    COMPOSE: "for tests/system the composed system that runs already; embedded for the others",
}


def chosen(environment: Mapping[str, str] = os.environ) -> str:
    """One of KINDS; CannotStart for a word that is none."""
    kind = environment.get(VARIABLE) or EMBEDDED
    if kind not in KINDS:
        kinds = "".join(f"\n  {name:10}  {what}" for name, what in KINDS.items())
        raise CannotStart(f"{VARIABLE} is {kind!r}; it may be{kinds}")
    return kind


def prepare() -> None:
    """What is done once, before any test; CannotStart when the parts chosen cannot be had."""
    if chosen() == CONTAINERS:
        from tests.support import engine

        engine.prepare()


def start_parts(folder: Path, on: ports.Ports | None = None) -> Parts:
    """As `Parts.start`: everything ready, on free ports unless told otherwise."""
    if chosen() == CONTAINERS:
        from tests.support import containers

        return containers.start(folder, on)
    return Parts.start(folder, on)


def start_system(folder: Path, on: ports.Ports | None = None, **more: Any) -> System:
    """As `System.start`, on the parts chosen unless some are given."""
    on = on or ports.free(services.names())
    if "parts" in more:
        return System.start(folder, on, **more)
    parts = start_parts(folder, on)
    try:
        return System.start(folder, on, parts=parts, **more)
    except BaseException:
        parts.stop()
        raise


def mongo_alone() -> AbstractContextManager[str]:
    """The address of a MongoDB of its own, for tests that need no Kafka."""
    if chosen() == CONTAINERS:
        from tests.support import containers

        return containers.mongo_alone()
    return _embedded_mongo()


@contextmanager
def _embedded_mongo() -> Generator[str]:
    port = ports.free()["mongo"]
    with throwaway() as folder:
        mongod = mongo.mongo(folder, port)
        mongod.start()
        yield mongo.address(port)
        mongod.stop()
