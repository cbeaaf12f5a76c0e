"""A batch is cut so that each transaction stays short, whatever an event costs."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from shared import pieces
from shared.delivery import Delivery
from shared.errors import TookTooLong
from shared.inbox import HANDLING_SECONDS, Failed
from shared.pieces import FIRST_SIZE, LONG_SECONDS, Pieces

HERE = TopicPartition("some.topic", 3)
MOST = 500


class Service:
    """Handles events that each take as long as is said, by a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0  # of one event
        self.others = asyncio.Barrier(1)  # batches that are handled side by side
        self.sizes: list[int] = []
        self.given_up = 0
        self.pieces = Pieces(self.apply, MOST)
        self._now = 1_000.0
        monkeypatch.setattr(pieces, "time", SimpleNamespace(monotonic=lambda: self._now))

    async def apply(self, tp: TopicPartition, batch: Sequence[Delivery]) -> None:
        ends = self._now + min(HANDLING_SECONDS, len(batch) * self.seconds)
        await self.others.wait()
        self._now = max(self._now, ends)
        if len(batch) * self.seconds > HANDLING_SECONDS:
            self.given_up += 1
            raise Failed(int(HANDLING_SECONDS / self.seconds), TookTooLong("says the inbox"))
        self.sizes.append(len(batch))

    async def handle(self, events: int, seconds: float) -> list[int]:
        """The sizes of the transactions in which a batch of such events was applied."""
        self.sizes, self.seconds = [], seconds
        batch = [Delivery(*HERE, n, b"k", b"", [], None) for n in range(events)]
        await self.pieces.settle(HERE, batch, lambda: True)
        return self.sizes


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    return Service(monkeypatch)


async def test_quick_events_soon_come_in_whole_batches(service: Service) -> None:
    assert await service.handle(MOST, 0.0001) == [64, 128, 256, 52]
    assert await service.handle(MOST, 0.0001) == [MOST]


async def test_after_one_slow_transaction_none_is_long(service: Service) -> None:
    first, *others = await service.handle(MOST, 0.04)
    assert first == FIRST_SIZE
    assert max(others) * 0.04 <= LONG_SECONDS
    assert min(others[:-1]) * 0.04 > LONG_SECONDS / 2, "short ones cost as many round trips"


async def test_events_that_become_slow_are_given_up_once(service: Service) -> None:
    for _ in range(2):
        await service.handle(MOST, 0.0001)
    sizes = await service.handle(MOST, 0.02)
    assert service.given_up == 1
    assert sum(sizes) == MOST
    assert max(sizes) * 0.02 <= LONG_SECONDS


async def test_three_that_are_slow_at_once_say_the_same_not_three_times_as_much(
    service: Service,
) -> None:
    service.others = asyncio.Barrier(3)
    await asyncio.gather(*(service.handle(FIRST_SIZE, 0.03) for _ in range(3)))
    service.others = asyncio.Barrier(1)
    assert (await service.handle(MOST, 0.03))[0] == int(LONG_SECONDS / 0.03)


async def test_a_few_quick_events_do_not_say_that_many_are_quick(service: Service) -> None:
    await service.handle(FIRST_SIZE, 0.04)
    for _ in range(10):
        await service.handle(1, 0.04)
    assert max(await service.handle(MOST, 0.04)) * 0.04 <= LONG_SECONDS
    assert service.given_up == 0
