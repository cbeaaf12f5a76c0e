"""A batch is applied piece by piece, and cut around what fails; a topic where nearly everything fails stands."""

from collections.abc import Sequence

import pytest
from aiokafka import TopicPartition
from pymongo.errors import AutoReconnect

from shared.consuming.applying import Applied, Failed
from shared.consuming.batching import TRIES, Batching
from shared.consuming.brake import MIN_FAILURES, Braked
from shared.consuming.partition import Partition
from shared.consuming.record import Record
from shared.errors import NotFound, Refused
from shared.events.cloudevents import Unreadable

HEARD = Unreadable("whatever it is")


def records(count: int, *, first: int = 0, heard: bool = True) -> list[Record]:
    """Records of a partition, which somebody listens to or nobody does."""
    return [
        Record("some", 3, n, b"%d" % n, b"", [], HEARD if heard else None)
        for n in range(first, first + count)
    ]


class Service:
    """Applies so many events a transaction; some cannot be handled."""

    def __init__(self, share: float = 1) -> None:
        self.at_once = 1_000
        self.failing: dict[int, Exception] = {}
        self.pieces: list[int] = []
        self.tries = 0
        self.set_aside: list[int] = []
        self.batching = Batching(self.apply, share)
        self.partition = Partition(TopicPartition("some", 3))

    async def apply(self, partition: Partition, piece: Sequence[Record]) -> Applied:
        self.tries += 1
        position = -1 if partition.position is None else partition.position
        done = piece[: self.at_once]
        new = [record for record in done if record.offset > position]
        for record in new:
            if record.offset in self.failing and not record.failure_reason:
                raise Failed(record.offset, self.failing[record.offset])
        self.pieces.append(len(done))
        self.set_aside += [record.offset for record in new if record.failure_reason]
        partition.position = max(position, done[-1].offset)
        return Applied(len(done), sum(not record.failure_reason for record in new))

    async def handle(self, batch: list[Record]) -> list[int]:
        """How many records each transaction held."""
        self.pieces = []
        await self.batching.settle(self.partition.hand_over(batch))
        return self.pieces


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: object) -> None:
        pass

    monkeypatch.setattr("shared.backoff.Backoff.wait", at_once)


async def test_what_does_not_fit_into_a_transaction_comes_with_the_next() -> None:
    service = Service()
    service.at_once = 200
    assert await service.handle(records(500)) == [200, 200, 100]


async def test_an_event_is_blamed_and_set_aside_and_its_neighbours_are_applied() -> None:
    service = Service()
    service.failing = {49: Refused("by a rule")}
    batch = [*records(49, heard=False), *records(11, first=49)]
    assert await service.handle(batch) == [49, 1, 10]
    assert service.set_aside == [49]
    assert service.tries == 5, "the whole, what is before, the one twice, what is after"


async def test_a_failure_nobody_foresaw_is_tried_again_before_it_is_set_aside() -> None:
    service = Service()
    service.failing = {0: RuntimeError("a bug")}
    await service.handle(records(1))
    assert (service.tries, service.set_aside) == (TRIES + 1, [0])


async def test_an_outage_sets_nothing_aside() -> None:
    service = Service()

    async def away(*_: object) -> Applied:
        raise AutoReconnect("nobody is there")

    service.batching = Batching(away, 1)
    batch = records(3)
    with pytest.raises(AutoReconnect):
        await service.handle(batch)
    assert not [record for record in batch if record.failure_reason]


async def test_a_topic_where_most_events_fail_unforeseen_stands_and_says_why() -> None:
    service = Service(share=0.5)
    service.failing = {n: KeyError(f"field_{n}") for n in range(100)}
    with pytest.raises(Braked, match=r"21 of the last 21 events of some failed .* with KeyError"):
        await service.handle(records(100))
    assert len(service.set_aside) == MIN_FAILURES


async def test_what_is_read_again_is_not_counted_again() -> None:
    """A topic that stands stays so, however often its records are tried, until an event succeeds that failed."""
    service = Service(share=0.5)
    service.failing = {n: KeyError("a bug") for n in range(300) if n % 5 < 3}
    for _ in range(20):
        with pytest.raises(Braked):
            await service.handle(records(300))
    assert len(service.set_aside) == MIN_FAILURES
    service.failing = {}
    await service.handle(records(300))
    assert len(service.set_aside) == MIN_FAILURES, "nothing was set aside while it stood"


@pytest.mark.parametrize("share", [0.5, 1])
async def test_half_of_the_events_may_fail(share: float) -> None:
    service = Service(share)
    service.failing = {n: KeyError("a bug") for n in range(1, 400, 2)}
    await service.handle(records(400))
    assert len(service.set_aside) == 200


@pytest.mark.parametrize(
    "theirs", [Refused("by a rule"), OverflowError("9 bytes"), NotFound("not yet")], ids=repr
)
async def test_what_others_send_stops_no_topic(theirs: Exception) -> None:
    service = Service(share=0.01)
    service.failing = dict.fromkeys(range(300), theirs)
    await service.handle(records(300))
    assert len(service.set_aside) == 300
