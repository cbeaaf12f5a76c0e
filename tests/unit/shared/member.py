"""A member of a consumer group whose Kafka and state are played, to try what no test can bring about in time."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from pymongo.errors import ConnectionFailure

from shared.consuming.applying import Applied, Failed
from shared.consuming.consumer import Consumer
from shared.consuming.partition import Partition
from shared.consuming.record import Record
from shared.storage.database import Database

ONE, OTHER = TopicPartition("t", 0), TopicPartition("t", 1)


class Client:
    """Kafka, as a member sees it: where it would read next."""

    def __init__(self) -> None:
        self.positions = {ONE: 0, OTHER: 0}
        self.stable = 1_000  # up to here no transaction is open
        self.end = 1_000
        self.paused: set[TopicPartition] = set()

    async def end_offsets(self, asked: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(asked, self.stable)

    async def position(self, tp: TopicPartition) -> int:
        return self.positions[tp]

    def assignment(self) -> set[TopicPartition]:
        return {*self.positions}

    def highwater(self, tp: TopicPartition) -> int:
        return self.end

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.positions[tp] = offset

    async def commit(self, _: object) -> None:
        pass

    def pause(self, tp: TopicPartition) -> None:
        self.paused.add(tp)

    def resume(self, tp: TopicPartition) -> None:
        self.paused.discard(tp)


class Member:
    """A consumer whose state is a watermark, and the offsets that were applied."""

    consumer: Consumer

    def __init__(self, watermark: int) -> None:
        self.watermarks = {ONE: watermark, OTHER: watermark}
        self.applied: list[int] = []
        self.away = False  # MongoDB, for the one partition
        self.broken: set[TopicPartition] = set()
        self.open = {ONE: asyncio.Event(), OTHER: asyncio.Event()}

    async def watermark(self, _: Database, tp: TopicPartition) -> int:
        if self.away and tp == ONE:
            raise ConnectionFailure
        return self.watermarks[tp]

    async def apply(self, partition: Partition, records: Sequence[Record]) -> Applied:
        tp = partition.tp
        await self.open[tp].wait()
        assert partition.position is not None
        if tp in self.broken:
            raise Failed(records[0].offset, KeyError("a bug"))
        new = [record.offset for record in records if record.offset > partition.position]
        if new:
            self.watermarks[tp] = partition.position = new[-1]
        self.applied += new if tp == ONE else []
        return Applied(len(records), len(new))

    @property
    def under_way(self) -> int:
        """How many batches are being applied."""
        partitions = self.consumer.partitions.values()
        return len({partition.task for partition in partitions if not partition.is_at_rest})

    def take(self, **batch: range) -> asyncio.Task[None]:
        """Kafka hands over these records: a=…: of the one partition, b=…: of the other, and so on."""
        records = [
            SimpleNamespace(
                topic="t", partition=n, offset=at, key=None, value=b"", headers=[], timestamp=0
            )
            for n, name in enumerate("abcd")
            for at in batch.get(name, ())
        ]
        message: Any = SimpleNamespace(raw_message=tuple(records))
        return asyncio.create_task(self.consumer.take(message))


async def settled(member: Member) -> None:
    async with asyncio.timeout(1):
        while member.under_way:
            await asyncio.sleep(0.005)
