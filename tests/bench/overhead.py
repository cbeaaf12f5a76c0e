"""The kernel's own work: what it adds, in CPU time, to reading records and validating them."""

from typing import Any

from aiokafka import TopicPartition

from shared.consuming.applying import Applier
from shared.consuming.handlers import Handlers
from shared.consuming.partition import Partition
from shared.events.cloudevents import Envelope
from shared.storage.projection import Write
from tests.bench.world import BATCH, Bench, Deposited, DepositEvent, Stopwatch


class _NoDatabase:
    """Stands in for MongoDB where only the kernel's own work is to be timed."""

    source = "/copse/bench"

    async def transact(self, work: Any) -> Any:
        return await work(_NoTransaction())


class _NoTransaction:
    async def claim(self, *_: Any) -> bool:
        return True

    async def distinct(self, *_: Any) -> list[str]:
        return []

    def project(self, *_: Any) -> None:
        pass


async def kernel_without_database(bench: Bench, topic: str, events: int) -> float:
    """CPU microseconds an event that the kernel adds to `getmany` and Pydantic."""
    on = Handlers("bench")

    @on.projection(Deposited)
    def keep(event: Deposited) -> Write:
        return Write("last", event.account_id, {"amount": event.amount})

    async def loop(take: Any) -> float:
        consumer = await bench.raw_consumer(topic)
        done = 0
        with Stopwatch() as watch:
            while done < events:
                for tp, records in (
                    await consumer.getmany(timeout_ms=100, max_records=BATCH)
                ).items():
                    await take(tp, records)
                    done += len(records)
        await consumer.stop()
        return watch.cpu / events * 1e6

    async def plain(_: TopicPartition, records: list[Any]) -> None:
        for record in records:
            Envelope[Deposited].model_validate_json(record.value)

    applier = Applier(on, _NoDatabase())  # pyright: ignore
    partitions: dict[TopicPartition, Partition] = {}
    DepositEvent.topic = topic

    async def whole(tp: TopicPartition, records: list[Any]) -> None:
        if tp not in partitions:
            partitions[tp] = Partition(tp)
            partitions[tp].position = -1
        await applier.apply(partitions[tp], [applier.read(record) for record in records])

    raw = min([await loop(plain) for _ in range(3)])
    return min([await loop(whole) for _ in range(3)]) - raw
