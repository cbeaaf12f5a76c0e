"""What takes long is committed as far as it came: no event is lost, done twice or passed over by that."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from aiokafka import TopicPartition

from shared.consuming import applying
from shared.consuming.applying import Applier
from shared.consuming.partition import Partition, watermark
from shared.consuming.record import Record
from shared.consuming.retrying import retry
from shared.events.cloudevents import Origin, read, write
from shared.events.event import Event
from shared.types.clock import now
from shared.types.limits import HANDLING_SECONDS
from tests.kernel.sample import Deposited, on
from tests.support.service import Service

TP = TopicPartition(Deposited.topic, 0)


class Clock:
    """Passes by so much with each event."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += self.seconds
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(applying, "monotonic", clock.monotonic)
    return clock


def record(offset: int, amount: int, event: Callable[..., Event] = Deposited) -> Record:
    row = write(event(account_id="a", amount=amount), offset + 1, Origin("/elsewhere"))
    envelope = read(row["value"], row["headers"], on.models)
    return Record(*TP, offset, b"a", row["value"], row["headers"], envelope)


async def applied(service: Service) -> list[int]:
    ledger = await service.database["ledgers"].find_one({"_id": "a"})
    return ledger["amounts"] if ledger else []


async def test_a_transaction_ends_after_a_second_and_the_rest_comes_with_the_next(
    service: Service, clock: Clock
) -> None:
    partition = Partition(TP)
    partition.position = await watermark(service.database, TP)
    applier = Applier(on, service.database)
    records = [record(n, n + 1) for n in range(10)]
    clock.seconds = HANDLING_SECONDS / 3
    sizes: list[int] = []
    while records[sum(sizes) :]:
        sizes.append((await applier.apply(partition, records[sum(sizes) :])).records)
        assert await watermark(service.database, TP) == sum(sizes) - 1 == partition.position
        assert await applied(service) == [n + 1 for n in range(sum(sizes))]
    assert len(sizes) > 2
    assert max(sizes) <= 4
    remembered = await service.database["deduplication"].count_documents({})
    assert remembered == 10, "each once, and none that was put off"
    assert len(await service.published()) == 10


async def test_an_event_that_was_put_off_is_not_taken_for_its_own_repetition(
    service: Service, clock: Clock
) -> None:
    partition = Partition(TP)
    partition.position = await watermark(service.database, TP)
    applier = Applier(on, service.database)
    first, second = record(0, 1), record(1, 2)
    again = Record(*TP, 2, b"a", first.value, first.headers, first.envelope)
    clock.seconds = 2 * HANDLING_SECONDS
    for rest in ([first, second, again], [second, again], [again]):
        assert (await applier.apply(partition, rest)).records == 1
    assert await applied(service) == [1, 2], "a copy of what was handled is a copy still"


async def test_one_event_is_handled_however_long_it_takes(service: Service, clock: Clock) -> None:
    partition = Partition(TP)
    partition.position = await watermark(service.database, TP)
    clock.seconds = 100
    assert await Applier(on, service.database).apply(partition, [record(0, 1)]) == (1, 1)
    assert await applied(service) == [1]


async def test_what_queues_behind_an_event_parked_beside_it_takes_effect_later(
    service: Service,
) -> None:
    """After an outage a whole batch is tried again, with an event in it that is already to be set aside."""
    partition = Partition(TP)
    partition.position = await watermark(service.database, TP)
    applier = Applier(on, service.database)
    failed, behind = record(0, 1), record(1, 2)
    failed.set_aside(RuntimeError("it failed three times"))
    await applier.apply(partition, [failed, behind])
    assert await applied(service) == []
    service.clock(now() + timedelta(minutes=1))
    await retry(applier, TP)
    assert await applied(service) == [1, 2]
    assert await service.database["parked"].count_documents({}) == 0
