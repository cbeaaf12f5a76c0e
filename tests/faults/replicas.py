"""Replicas of each service's test build, to kill, pause, stop and start again, and to give orders to."""

import asyncio
import signal
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local import ports, services
from deploy.local.parts import Parts
from deploy.local.processes import Process, running_in
from tests.kernel.world import until

REAL = tuple(services.names())
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


class Replicas:
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
        return sorted(import_module(f"services.{service}.app").service.on.topics)

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
        async with self.admin() as admin:
            wanted = [f"{self.sample}.accounts", f"{self.sample}.receipts"]
            await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in wanted])
            await admin.create_topics([NewTopic(f"{wanted[0]}.dead", 1, 1)])

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[Any]:
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


def _takes_orders(pid: int) -> bool:
    """Whether a process handles SIGUSR1 by now: before that it would end of it, proc(5)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> signal.SIGUSR1 - 1 & 1)
