"""Notifications as processes that may be killed or stopped, and a mail server that counts what it takes."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx2
from aiokafka import AIOKafkaProducer
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local import ports, services
from deploy.local.keys import jwks
from deploy.local.parts import Parts
from deploy.local.processes import Process
from deploy.local.system import run
from deploy.local.throwaway import throwaway
from deploy.local.tokens import OPERATOR, mint
from shared.contracts.membership import PersonRegistered
from shared.contracts.notifications import NotificationRequested
from shared.events.cloudevents import Origin, write
from shared.events.event import Event
from shared.types.clock import now
from tests.faults.mail_points import VARIABLE
from tests.kernel.world import until
from tests.service.notifications.post import Post

LEASE_SECONDS = 6.0  # a try may take half of it
RECIPIENT = "ann"


class Replica:
    """A process of notifications."""

    def __init__(self, name: str, folder: Path, parts: Parts, settings: dict[str, str]) -> None:
        self._port = ports.free()["smtp"]
        self.url = services.address(self._port)
        self._told = (name, folder, self._port, parts, settings)
        self._process: Process | None = None

    def start(self, fault: str = "", **more: str) -> None:
        """Run it, to be killed or stopped at a point of a send; see mail_points."""
        name, folder, port, parts, settings = self._told
        process = services.service(
            "notifications",
            folder / name,
            port,
            parts,
            {**settings, VARIABLE: fault, **more},
            module=["tests.faults.mail_points"],
        )
        process.spawn()
        self._process = process

    @property
    def process(self) -> Process:
        assert self._process
        return self._process

    async def dies(self) -> None:
        """Wait until it was killed at its point."""

        async def dead() -> bool:
            return not self.process.alive

        await until(dead, every=0.05)
        assert await asyncio.to_thread(self.process.stop) == -signal.SIGKILL

    async def is_stopped(self) -> None:
        """Wait until it came to its point and was stopped there."""
        pid = self.process.pid
        assert pid

        async def stopped() -> bool:
            return _state(pid) == "T"

        await until(stopped, every=0.05)

    async def ends(self) -> int | None:
        """SIGTERM; its exit code."""
        process, self._process = self._process, None
        return await asyncio.to_thread(process.stop) if process else None


def _state(pid: int) -> str:
    """A letter, as proc(5) has it: T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


class MailWorld:
    """Everything that is needed to tell somebody something by mail, and the counting of it."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        self._folder = folder
        self._parts = parts
        self._requests = 0
        self.post = Post()
        self._receives = False
        self.post.port = ports.free()["smtp"]
        self._mongo: Any = AsyncIOMotorClient(parts.mongo, tz_aware=True)
        self.notifications = self._mongo["notifications"]["notifications"]
        self.notices = self._mongo["notifications"]["notices"]
        self.http = httpx2.AsyncClient(timeout=10)
        self._settings = {
            "COPSE_JWKS": str(jwks(folder)),
            "COPSE_SMTP_PORT": str(self.post.port),
            "COPSE_MAIL_LEASE_SECONDS": str(LEASE_SECONDS),
            "COPSE_MAIL_CONNECTIONS": "1",
            "COPSE_TEST_CLOCK": "1",
        }
        self.a = self.replica("a")
        self.b = self.replica("b")

    def replica(self, name: str) -> Replica:
        return Replica(name, self._folder, self._parts, self._settings)

    async def prepare(self) -> Self:
        await asyncio.to_thread(run, "deploy.topics", "apply", COPSE_KAFKA=self._parts.kafka)
        await self._happens(
            PersonRegistered(
                person_id=RECIPIENT, name="Ann", email="ann@example.org", registered_at=now()
            )
        )
        return self

    async def wish(self, count: int) -> None:
        """Somebody publishes wishes that the recipient be told something; a mail each."""
        first = self._requests
        self._requests += count
        await self._happens(
            *(
                NotificationRequested.model_validate(
                    {
                        "request_id": f"r{n}",
                        "audience": {"people": [RECIPIENT]},
                        "subject": f"News {n}",
                        "text": "All is well. " * 100,
                    }
                )
                for n in range(first, self._requests)
            )
        )

    async def _happens(self, *events: Event) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self._parts.kafka, acks="all", linger_ms=2)
        await producer.start()
        try:
            for event in events:
                record = write(event, 1, Origin("/copse/elsewhere"))
                value, headers = record["value"], record["headers"]
                await producer.send(event.topic, value, key=event.key.encode(), headers=headers)
        finally:
            await producer.stop()

    @property
    def wished(self) -> int:
        return self._requests

    def arrived(self) -> Counter[str]:
        """How many mails the mail server took, by notification."""
        return Counter(mail["Message-ID"].strip("<>").partition("@")[0] for mail in self.post.mails)

    async def in_state(self, *states: str) -> set[str]:
        return set(await self.notifications.distinct("_id", {"state": {"$in": [*states]}}))

    async def settled(self, seconds: float = 60) -> None:
        """Wait until every wish became one mail, and no mail is on its way."""

        async def done() -> bool:
            open_ = await self.in_state("queued", "sending")
            return not open_ and await self.notifications.count_documents({}) == self.wished

        await until(done, seconds=seconds)

    async def shown_as_unknown(self, replica: Replica) -> dict[str, Any]:
        """What the operator is shown at GET /deliveries, by id."""
        found: dict[str, Any] = {}
        following = ""
        while True:
            reply = await self.ask(replica, "GET", f"/deliveries?limit=200{following}")
            page = reply.json()
            found |= {one["id"]: one for one in page["items"]}
            if not page["next"]:
                return found
            following = f"&cursor={page['next']}"

    async def ask(self, replica: Replica, method: str, path: str) -> httpx2.Response:
        """An operator's request, as soon as the replica answers."""
        token = mint(self._folder, "olga@example.org", scopes=[OPERATOR])
        headers = {"authorization": f"Bearer {token}"}

        async def answers() -> bool:
            try:
                return (await self.http.get(f"{replica.url}/livez")).status_code == 200
            except httpx2.TransportError:
                return False

        await until(answers)
        reply = await self.http.request(method, f"{replica.url}{path}", headers=headers)
        return reply.raise_for_status()

    async def receive(self) -> None:
        """The mail server takes mails from now on."""
        await self.post.open()
        self._receives = True

    async def end(self) -> None:
        """No replica runs any more."""
        for replica in (self.a, self.b):
            await replica.ends()

    async def close(self) -> None:
        await self.end()
        await self.http.aclose()
        self._mongo.close()
        if self._receives:
            await self.post.close()


@asynccontextmanager
async def a_mail_world(parts: Parts) -> AsyncIterator[MailWorld]:
    """On a Kafka and a MongoDB where notifications have not run before."""
    with throwaway() as folder:
        world = await MailWorld(parts, folder).prepare()
        try:
            yield world
        finally:
            await world.close()
