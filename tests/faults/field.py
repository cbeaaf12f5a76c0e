"""Where faults happen: real parts, replicas of the services, and how far everything is."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.local.parts import Parts
from tests.faults.replicas import REAL, SAMPLE, Replicas
from tests.kernel.world import until

__all__ = ["REAL", "SAMPLE", "Field", "a_field"]


class Field(Replicas):
    """The services named, each in so many replicas, on parts that are there already; and what they have still to do."""

    async def ends(self) -> dict[TopicPartition, int]:
        """The end of every partition that anybody listens to."""
        topics = {topic for name in self.names for topic in self.topics(name)}
        async with self.admin() as admin:
            told = await admin.describe_topics([*topics])
        places = [
            TopicPartition(one["topic"], part["partition"])
            for one in told
            for part in one["partitions"]
        ]
        if {tp.topic for tp in places} != topics:
            raise KafkaError("not every topic is described")
        consumer = AIOKafkaConsumer(bootstrap_servers=self.parts.kafka)
        await consumer.start()
        try:
            return await consumer.end_offsets(places)
        finally:
            await consumer.stop()

    async def passed(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether every service has applied, and said to Kafka so, what was there then."""
        async with self.admin() as admin:
            for name in self.names:
                if not self.topics(name):
                    continue
                done = await admin.list_consumer_group_offsets(self.group(name))
                for tp, end in ends.items():
                    here = max(0, done[tp].offset) if tp in done else 0
                    if tp.topic in self.topics(name) and here < end:
                        return False
            return True

    async def caught_up(self, seconds: float = 180) -> None:
        """Ready, and lag 0 against what was published when everybody was."""
        await self.ready(seconds)
        await self.applied(seconds)

    async def applied(self, seconds: float) -> None:
        """Lag 0 against what is published now; else AssertionError."""
        ends: dict[TopicPartition, int] | None = None

        async def all_passed() -> bool:
            nonlocal ends
            try:
                ends = ends if ends is not None else await self.ends()
                return await self.passed(ends)
            except (KafkaError, OSError, TimeoutError):
                return False

        await until(all_passed, seconds=seconds, every=0.3)

    async def drained(self, seconds: float = 180) -> None:
        """Nothing under way any more: no lag, no outbox, no notice, no mail."""

        async def quiet() -> bool:
            try:
                return await self.under_way() == {} and await self.passed(await self.ends())
            except (KafkaError, OSError, TimeoutError):
                return False

        async def twice() -> bool:
            return await quiet() and await quiet()

        try:
            await until(twice, seconds=seconds, every=0.5)
        except AssertionError as error:
            behind = {str(tp): end for tp, end in (await self.ends()).items() if end}
            raise AssertionError(f"{error}; {await self.under_way()}; ends {behind}") from None

    async def under_way(self) -> dict[str, int]:
        """What waits in the databases, by what it is."""
        waits: dict[str, int] = {}
        for name in self.names:
            database = self.database(name)
            waits[f"{name} outbox"] = await database.outbox.count_documents({})
            waits[f"{name} held"] = await database.parked.count_documents({"state": "held"})
        if "notifications" in self.names:
            database = self.database("notifications")
            waits["notices"] = await database.notices.count_documents({"state": "open"})
            waits["newcomers"] = await database.joins.count_documents({})
            under_way = {"state": {"$in": ["queued", "sending"]}}
            waits["mails"] = await database.notifications.count_documents(under_way)
        return {what: count for what, count in waits.items() if count}


@asynccontextmanager
async def a_field(
    folder: Path, parts: Parts, names: Iterable[str], twice: Collection[str] = (), **settings: str
) -> AsyncIterator[Field]:
    """A field whose services are started, some of them with two replicas, and ended with it."""
    one = Field(folder, parts, names, settings)
    try:
        await one.prepare()
        for name in one.names:
            for _ in range(1 + (name in twice)):
                one.add(name)
        await one.ready(300)
        yield one
    finally:
        await one.close()
