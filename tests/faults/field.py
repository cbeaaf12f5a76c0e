"""Where faults happen: real parts, and replicas of each service's test build, to kill, pause, stop and start again."""

import asyncio
import signal
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local import ports, services
from deploy.local.parts import Parts
from deploy.local.processes import Process, running_in
from tests.kernel.world import until

REAL = ("membership", "scheduling", "notifications", "resources")
SAMPLE = "sample"
PARTITIONS = 4


@dataclass
class Replica:
    """One process of a service; its number makes its name."""

    service: str
    number: int
    url: str
    process: Process

    @property
    def name(self) -> str:
        return self.process.name


class Field:
    """The services named, each in so many replicas, on parts that are there already."""

    def __init__(
        self, folder: Path, parts: Parts, names: Iterable[str], settings: Mapping[str, str]
    ) -> None:
        self.folder, self.parts = folder, parts
        self.names = tuple(names)
        self.sample = settings.get("SAMPLE_NAME", "ledger")
        self.replicas: dict[str, list[Replica]] = {name: [] for name in self.names}
        self.http = httpx2.AsyncClient(timeout=10, limits=httpx2.Limits(max_connections=200))
        self._settings = {"SAMPLE_NAME": self.sample, **settings}
        self._mongo: Any = AsyncIOMotorClient(parts.mongo, tz_aware=True)
        self._topics = {name: self._topics_of(name) for name in self.names}

    # what there is

    def database(self, service: str) -> Any:
        return self._mongo[self.group(service)]

    def group(self, service: str) -> str:
        """Its consumer group, and its database."""
        return self.sample if service == SAMPLE else service

    def topics(self, service: str) -> list[str]:
        """What it listens to."""
        return self._topics[service]

    def _topics_of(self, service: str) -> list[str]:
        if service == SAMPLE:
            return [f"{self.sample}.accounts"]
        return sorted(import_module(f"services.{service}.handlers").on.topics)

    def living(self, service: str) -> list[Replica]:
        return [one for one in self.replicas[service] if one.process.alive]

    @property
    def everybody(self) -> list[Replica]:
        return [one for replicas in self.replicas.values() for one in replicas]

    # starting and ending

    async def prepare(self) -> None:
        """The sample's topics; those of the services are declared already."""
        if SAMPLE not in self.names:
            return
        async with self._admin() as admin:
            wanted = [f"{self.sample}.accounts", f"{self.sample}.receipts"]
            await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in wanted])
            await admin.create_topics([NewTopic(f"{wanted[0]}.dead", 1, 1)])

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[Any]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.parts.kafka)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    def add(self, service: str, **more: str) -> Replica:
        """One replica more, started and not waited for."""
        number = len(self.replicas[service]) + 1
        suffix = "" if number == 1 else f"-{number}"
        port = ports.free([service])[service]
        settings = {
            **self._settings,
            "COPSE_ORDERS": str(self._orders(service)),
            "COPSE_CRASHES": str(self._crashes(service)),
            **more,
        }
        process = services.service(
            *(service, self.folder, port, self.parts, settings),
            module=("tests.faults.build", service),
            replica=suffix,
        )
        replica = Replica(service, number, services.address(port), process)
        self.replicas[service].append(replica)
        process.spawn()
        return replica

    async def restart_the_dead(self, of: Iterable[str] = ()) -> None:
        """What a supervisor does, for these services or for all."""
        for service in of or self.names:
            for one in self.replicas[service]:
                if not one.process.alive:
                    await asyncio.to_thread(one.process.spawn)

    async def ready(self, seconds: float = 120) -> None:
        """Every replica says that it is ready; else AssertionError with what they say."""
        says: dict[str, str] = {}

        async def all_ready() -> bool:
            answers = [(one.name, await self._is_ready(one)) for one in self.everybody]
            says.clear()
            says.update({name: why for name, why in answers if why})
            return not says

        try:
            await until(all_ready, seconds=seconds, every=0.2)
        except AssertionError:
            raise AssertionError(f"not ready within {seconds} s: {says}") from None

    async def _is_ready(self, replica: Replica) -> str:
        """Nothing; or why not."""
        try:
            reply = await self.http.get(f"{replica.url}/readyz", timeout=2)
        except httpx2.HTTPError as error:
            return repr(error)
        return "" if reply.status_code == 200 else reply.text

    async def close(self) -> None:
        await self.http.aclose()
        self._mongo.close()
        ending = [asyncio.to_thread(one.process.stop, 5) for one in self.everybody]
        await asyncio.gather(*ending)

    # orders

    def _orders(self, service: str) -> Path:
        return self.folder / f"orders-{self.group(service)}"

    def order(self, service: str, order: str, to: Collection[Replica] = ()) -> None:
        """To these replicas of a service, or to all; each one that reaches the point carries it out."""
        self._orders(service).write_text(order)
        known = running_in(self.folder)
        for one in to or self.living(service):
            if _takes_orders(known[one.name].pid):
                known[one.name].send(signal.SIGUSR1)

    def _crashes(self, service: str) -> Path:
        return self.folder / f"crashes-{self.group(service)}"

    def carried_out(self, service: str) -> list[str]:
        """Every order that a service carried out so far: point, signal, pid."""
        file = self._crashes(service)
        return file.read_text().splitlines() if file.exists() else []

    def pid(self, name: str) -> int:
        return running_in(self.folder)[name].pid

    # how far everything is

    async def ends(self) -> dict[TopicPartition, int]:
        """The end of every partition that anybody listens to."""
        topics = {topic for name in self.names for topic in self.topics(name)}
        async with self._admin() as admin:
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
        async with self._admin() as admin:
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


def _takes_orders(pid: int) -> bool:
    """Whether a process handles SIGUSR1 by now: before that it would end of it, proc(5)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> signal.SIGUSR1 - 1 & 1)


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
