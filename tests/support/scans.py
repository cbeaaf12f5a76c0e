"""Queries that read a whole collection: mongod itself names them, while services do their usual work.

mongod's profiler notes every operation whose plan holds a collection scan, inside transactions as well. What the tests
ask on their own behalf goes over a client of another name, and does not count.
"""

import inspect
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from shared.events.event import Event
from shared.storage.database import CODEC, Database

ROOT = Path(__file__).parents[2]
OURS = (f"{ROOT}/services/", f"{ROOT}/shared/")
TESTS = "tests"
SMALL = {
    "rules": "operators keep a few, and each batch of events asks for all of them",
    "categories": "operators keep a few, and all are asked for",
    "templates": "all versions that operators saved are listed; nothing else asks so",
    "joins": "a queue: what stands in it is all wanted, and then deleted",
    "leases": "one document a service",
}
"""Collections that may be read whole, and why."""


class CollectionScan(AssertionError):
    """A query that no index explains."""


class Watched(Database):
    """A service's database that tells the service's own questions from those of a test."""

    def __init__(self, uri: str, name: str, *, publishes: Collection[type[Event]]) -> None:
        super().__init__(uri, name, publishes=publishes)
        self._aside: Any = a_client(uri)

    def __getitem__(self, collection: str) -> Any:
        frame = inspect.currentframe()
        if frame and frame.f_back and frame.f_back.f_code.co_filename.startswith(OURS):
            return super().__getitem__(collection)
        return self._aside.get_database(self.raw.name, codec_options=CODEC)[collection]

    async def close(self) -> None:
        await self.client.drop_database(self.raw.name)
        self._aside.close()
        self.client.close()


def a_client(uri: str) -> Any:
    """A client whose queries are a test's own."""
    return AsyncIOMotorClient(uri, tz_aware=True, appname=TESTS)


@asynccontextmanager
async def no_scans(database: Any) -> AsyncIterator[None]:
    """Fail with CollectionScan if anything reads a whole collection of Motor's `database` meanwhile."""
    scanned = {"planSummary": {"$regex": "COLLSCAN"}, "appName": {"$ne": TESTS}}
    await database.command("profile", 1, filter=scanned)
    yield
    await database.command("profile", 0)
    found = [one async for one in database["system.profile"].find({})]
    shapes = sorted({_shape(one) for one in found} - {None})
    if shapes:
        raise CollectionScan("No index explains\n  " + "\n  ".join(shapes))


@asynccontextmanager
async def no_scans_in(uri: str, names: Iterable[str]) -> AsyncIterator[None]:
    """The same for the databases of these names, whichever process reads them."""
    client = a_client(uri)
    try:
        async with AsyncExitStack() as stack:
            for name in names:
                await stack.enter_async_context(no_scans(client[name]))
            yield
    finally:
        client.close()


def _shape(profiled: dict[str, Any]) -> str | None:
    """A query without its values, or None where reading everything is meant."""
    collection = profiled["ns"].partition(".")[2]
    asked = profiled.get("originatingCommand") or profiled.get("command", {})
    if collection in SMALL or collection.startswith(("system.", "$cmd")):
        return None
    if not asked.get("filter") and asked.get("limit") == 1:  # GridFS asks whether it is empty
        return None
    what = {
        name: _keys(asked[name])
        for name in ("filter", "q", "query", "pipeline", "sort", "limit")
        if asked.get(name)
    }
    return f"{collection}.{profiled['op']} {what}"


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _keys(inner) for name, inner in value.items()}
    if isinstance(value, list):
        kinds = [_keys(inner) for inner in value]
        return kinds if any(kind != "…" for kind in kinds) else "…"
    return "…"
