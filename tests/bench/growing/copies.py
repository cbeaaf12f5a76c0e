"""A service with data that grows. Every document is a copy of one the service wrote."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.world import Bench
from tests.support.service import Service, a_service

Fill = Callable[[int], Awaitable[None]]
Asks = dict[str, tuple[Any, str]]
"""What a row is called, who asks, and for what."""


@asynccontextmanager
async def alone(bench: Bench, name: str) -> AsyncIterator[Service]:
    """A service on the bench, with nothing in it."""
    with TemporaryDirectory() as folder:
        async with a_service(name, bench.parts.mongo, Path(folder)) as service:
            yield service


class Copies:
    """More of a document that the service itself wrote: 1, 10, 100 times as many as `least`."""

    def __init__(self, service: Service, collection: str, least: int, change: Any) -> None:
        self._kept = service.database[collection]
        self._least, self._change, self._made = least, change, 0
        self._first: dict[str, Any] = {}

    async def grow(self, times: int) -> None:
        self._first = self._first or await self._kept.find_one({})
        wanted = range(self._made, self._least * times)
        documents = [{**self._first, **self._change(n)} for n in wanted]
        for at in range(0, len(documents), 1000):
            await self._kept.insert_many(documents[at : at + 1000], ordered=False)
        self._made = self._least * times


def every(*copies: Copies) -> Fill:
    """All of them grow together."""

    async def fill(times: int) -> None:
        for one in copies:
            await one.grow(times)

    return fill
