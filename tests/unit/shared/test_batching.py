"""A batch is cut so that each transaction stays short, whatever an event costs, and around what fails."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from pymongo.errors import AutoReconnect

from shared.consuming import batching
from shared.consuming.batching import FIRST_SIZE, LONG_SECONDS, Batching
from shared.consuming.deduplication import HANDLING_SECONDS, Failed
from shared.consuming.record import Record
from shared.errors import Refused, TookTooLong
from shared.events.cloudevents import Unreadable

MOST = 500
HEARD = Unreadable("whatever it is")


def batch(topic: str, events: int, *, heard: bool = True) -> list[Record]:
    """Records of a partition, which somebody listens to or nobody does."""
    return [Record(topic, 3, n, b"k", b"", [], HEARD if heard else None) for n in range(events)]


class Service:
    """Handles events that each take as long as is said, by a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0  # of one event
        self.commit = 0.0  # seconds of one transaction, whatever is in it
        self.poison: int | None = None  # the offset of an event that is refused
        self.away = False
        self.others = asyncio.Barrier(1)  # batches that are handled side by side
        self.sizes: list[int] = []
        self.tries = 0
        self.given_up = 0
        self.pieces = Batching(self.apply, MOST)
        self._now = 1_000.0
        monkeypatch.setattr(batching, "time", SimpleNamespace(monotonic=lambda: self._now))

    async def apply(self, tp: TopicPartition, piece: Sequence[Record]) -> None:
        self.tries += 1
        heard = [one.offset for one in piece if one.envelope]
        handling = len(heard) * self.seconds
        ends = self._now + min(HANDLING_SECONDS, handling) + self.commit * bool(heard)
        await self.others.wait()
        if self.away:
            self._now += 5
            raise AutoReconnect("nobody is there")
        self._now = max(self._now, ends)
        if handling > HANDLING_SECONDS:
            self.given_up += 1
            raise Failed(heard[int(HANDLING_SECONDS / self.seconds)], TookTooLong("in the inbox"))
        if self.poison in heard and not any(one.trouble for one in piece):
            raise Failed(self.poison, Refused("by a rule"))
        self.sizes.append(len(heard))

    async def handle(self, records: list[Record], seconds: float) -> list[int]:
        """How many events each transaction held in which a batch of such events was applied."""
        self.sizes, self.seconds, self.tries = [], seconds, 0
        await self.pieces.settle(TopicPartition(records[0].topic, 3), records, lambda: True)
        return self.sizes


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    return Service(monkeypatch)


async def test_quick_events_soon_come_in_whole_batches(service: Service) -> None:
    assert await service.handle(batch("some", MOST), 0.0001) == [64, 128, 256, 52]
    assert await service.handle(batch("some", MOST), 0.0001) == [MOST]


async def test_after_one_slow_transaction_none_is_long(service: Service) -> None:
    first, *others = await service.handle(batch("some", MOST), 0.04)
    assert first == FIRST_SIZE
    assert max(others) * 0.04 <= LONG_SECONDS + 0.04
    assert min(others[:-1]) * 0.04 > LONG_SECONDS / 2, "short ones cost as many round trips"


async def test_events_that_become_slow_are_given_up_once(service: Service) -> None:
    for _ in range(2):
        await service.handle(batch("some", MOST), 0.0001)
    sizes = await service.handle(batch("some", MOST), 0.02)
    assert service.given_up == 1
    assert sum(sizes) == MOST
    assert max(sizes) * 0.02 <= LONG_SECONDS + 0.02


async def test_three_that_are_slow_at_once_say_the_same_not_three_times_as_much(
    service: Service,
) -> None:
    service.others = asyncio.Barrier(3)
    await asyncio.gather(*(service.handle(batch("some", FIRST_SIZE), 0.03) for _ in range(3)))
    service.others = asyncio.Barrier(1)
    assert (await service.handle(batch("some", MOST), 0.03))[0] == int(LONG_SECONDS / 0.03)


async def test_a_few_quick_events_do_not_say_that_many_are_quick(service: Service) -> None:
    await service.handle(batch("some", FIRST_SIZE), 0.04)
    for _ in range(10):
        await service.handle(batch("some", 1), 0.04)
    assert max(await service.handle(batch("some", MOST), 0.04)) * 0.04 <= LONG_SECONDS + 0.04
    assert service.given_up == 0


@pytest.mark.parametrize("quick", [batch("some", MOST, heard=False), batch("other", MOST)])
async def test_what_nobody_listens_to_and_other_topics_say_nothing(
    service: Service, quick: list[Record]
) -> None:
    await service.handle(batch("some", FIRST_SIZE), 0.04)
    for _ in range(3):
        await service.handle(quick, 0.0001)
    assert max(await service.handle(batch("some", MOST), 0.04)) * 0.04 <= LONG_SECONDS + 0.04


async def test_what_nobody_listens_to_cuts_no_transaction(service: Service) -> None:
    records = batch("some", MOST, heard=False)
    for one in records[::10]:
        one.envelope = HEARD
    assert await service.handle(records, 0.0001) == [50]


@pytest.mark.parametrize("commit", [0.3, 0.55, 0.9])
async def test_after_a_stall_the_transactions_grow_again(service: Service, commit: float) -> None:
    """Also where one that holds a single event takes nearly as long as one may."""
    await service.handle(batch("some", 1), 1.2)
    service.commit = commit
    sizes: list[int] = []
    for _ in range(10):
        sizes += await service.handle(batch("some", MOST), 0)
    assert sizes[0] == 1
    assert len(sizes) < 60, sizes


async def test_an_outage_says_nothing_of_the_events(service: Service) -> None:
    for _ in range(2):
        await service.handle(batch("some", MOST), 0.0001)
    service.away = True
    with pytest.raises(AutoReconnect):
        await service.handle(batch("some", 3), 0.0001)
    service.away = False
    assert await service.handle(batch("some", MOST), 0.0001) == [MOST]


async def test_an_event_is_blamed_though_nobody_listens_to_those_before_it(
    service: Service,
) -> None:
    service.poison = 49
    records = [*batch("some", 49, heard=False), *batch("some", 60)[49:]]
    await service.handle(records, 0.0001)
    assert [one.offset for one in records if one.trouble] == [49]
    assert service.tries == 5, "the whole, what is before, the one twice, what is after"
