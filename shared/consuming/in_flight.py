"""Which batches are being applied: several side by side, never two of one partition."""

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any

from aiokafka import TopicPartition

SIDE_BY_SIDE = 3  # others are handled while MongoDB writes one


class InFlight:
    """Who waits for its turn may be cancelled; what is being applied goes on."""

    def __init__(self) -> None:
        self._under_way: dict[asyncio.Task[None], Collection[TopicPartition]] = {}

    @property
    def taken(self) -> set[TopicPartition]:
        """The partitions of which something is being applied."""
        return {tp for one, here in self._under_way.items() if not one.done() for tp in here}

    async def come(self, wanted: Collection[TopicPartition]) -> None:
        """Wait for room, and for whatever is being applied of the same partitions, however that ends."""
        while before := self._before(set(wanted)):
            done, _ = await asyncio.wait(before, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                self._under_way.pop(one, None)

    def _before(self, wanted: set[TopicPartition]) -> list[asyncio.Task[None]]:
        full = len(self._under_way) >= SIDE_BY_SIDE
        return [one for one, here in self._under_way.items() if full or wanted & set(here)]

    def begin(self, work: Coroutine[Any, Any, None], on: Collection[TopicPartition]) -> None:
        self._under_way[asyncio.create_task(work)] = on

    async def finish(self, seconds: float) -> None:
        """Give what is being applied so many seconds to end."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=seconds)
            for one in late:
                one.cancel()
