"""A region at work: every service, real Kafka, MongoDB and SMTP; and words to tell the story with.

Its services are processes on the parts that COPSE_TEST_PARTS chooses; with `compose` it is the composed system
that `docker compose --env-file deploy/compose/test.env up --build --wait` started.
"""

import asyncio
import email
import email.policy
import itertools
import os
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import httpx2
import yaml
from aiokafka import AIOKafkaProducer

from deploy.local.parts import Part
from deploy.local.throwaway import throwaway
from deploy.local.tokens import OPERATOR, mint, person_id
from tests.kernel.world import everything_in, until
from tests.support.collector import Collector
from tests.support.compose import (
    SECURE,
    SERVICES,
    Container,
    copy_keys,
    kafka_access,
    port,
    settings_of_kcat,
)
from tests.support.parts import COMPOSE, chosen, start_system
from tests.support.scans import no_scans_in

NOW = "2027-02-20T09:00:00Z"
TYPES = Path(__file__).parents[2] / "deploy" / "region" / "types"
USERS = {"operator": "operator", "outside": "example"}
EVERYBODY: Mapping[str, Any] = {}
"""What lets one in to a Kafka that asks nobody who they are."""
_numbers = itertools.count(1)


def fresh(name: str) -> str:
    """An address or a name that no other test uses."""
    return f"{name}-{uuid.uuid4().hex[:6]}{next(_numbers)}"


class Somebody:
    """A person with a token, who speaks to the services over HTTP."""

    def __init__(self, region: "Region", address: str, token: str) -> None:
        self.address = address
        self.person_id = person_id(address)
        self._region = region
        self.authorization = f"Bearer {token}"

    async def ask(self, method: str, service: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"authorization": self.authorization, **more.pop("headers", {})}
        url = self._region.urls[service] + path
        return await self._region.http.request(method, url, headers=headers, **more)

    async def does(self, method: str, service: str, path: str, **more: Any) -> Any:
        """Ask, and expect that it is done. A fact that is still on its way to a service is waited for."""
        reply = await self.ask(method, service, path, **more)
        for _ in range(100):
            if reply.status_code != 404:
                break
            await asyncio.sleep(0.1)
            reply = await self.ask(method, service, path, **more)
        assert reply.status_code < 300, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    async def mails(self, about: str = "") -> list[EmailMessage]:
        """The mails in my mailbox, oldest first, whose subject holds these words."""
        return [
            mail for mail in await self._region.mails_to(self.address) if about in mail["subject"]
        ]

    async def gets(self, about: str, count: int = 1, seconds: float = 30) -> list[EmailMessage]:
        """Wait for mails with these words in the subject; more than expected is a failure too."""

        async def arrived() -> bool:
            return len(await self.mails(about)) >= count

        await until(arrived, seconds=seconds, every=0.3)
        found = await self.mails(about)
        assert len(found) == count, [mail["subject"] for mail in found]
        return found


class Region:
    """Addresses of everything, and the people."""

    def __init__(
        self,
        urls: dict[str, str],
        kafka: str,
        mailbox: str,
        keys: Path,
        kafka_process: Part | Container,
        *,
        operator: Mapping[str, Any] = EVERYBODY,
        outside: Mapping[str, Any] = EVERYBODY,
    ) -> None:
        self.urls = urls
        self.kafka = kafka
        self.http = httpx2.AsyncClient(timeout=30)
        self.kafka_process = kafka_process
        self.let_in = {"operator": operator, "outside": outside}
        self.collector: Collector | None = None  # of the services' traces
        self.mailbox = mailbox
        self.keys = keys  # the folder of the keys that sign tokens

    def person(self, name: str = "ann", *scopes: str, full_name: str | None = None) -> Somebody:
        address = f"{fresh(name)}@example.org"
        return Somebody(self, address, mint(self.keys, address, scopes=scopes, name=full_name))

    @property
    def operator(self) -> Somebody:
        return self.person("operator", OPERATOR)

    async def prepare(self) -> None:
        """One clock for all services, and the four community types."""
        for url in self.urls.values():
            (await self.http.post(f"{url}/_clock", json={"now": NOW})).raise_for_status()
        for file in sorted(TYPES.glob("*.yaml")):
            kind = cast("dict[str, Any]", yaml.safe_load(file.read_text()))
            type_id = file.stem
            await self.operator.does("PUT", "membership", f"/community-types/{type_id}", json=kind)

    async def now(self, moment: str) -> None:
        """Move every service's clock."""
        for url in self.urls.values():
            (await self.http.post(f"{url}/_clock", json={"now": moment})).raise_for_status()

    async def community(self, founder: Somebody, **wishes: Any) -> str:
        """A community that the founder started, known to every service."""
        body = {
            "community_type": "group-leads",
            "name": fresh("Leads of"),
            "purpose": "To share what works.",
            "places": ["Kirkby"],
            "format": "online",
            "privacy": "open",
            "join_policy": "open",
            "charter": "We speak for ourselves.",
            **wishes,
        }
        started = await founder.does("POST", "membership", "/communities", json=body)
        community_id = cast("str", started["community_id"])
        await founder.does("GET", "scheduling", f"/communities/{community_id}/meetings")
        await founder.does("GET", "resources", f"/communities/{community_id}/resources")
        return community_id

    async def joins(self, person: Somebody, community_id: str) -> None:
        """A person joins, and every service knows."""
        await person.does("POST", "membership", f"/communities/{community_id}/members", json={})
        await person.gets("Welcome to")

    async def mails_to(self, address: str) -> list[EmailMessage]:
        found = await self.http.get(
            f"{self.mailbox}/api/v1/search", params={"query": f"to:{address}", "limit": 200}
        )
        mails: list[EmailMessage] = []
        for one in reversed(found.json()["messages"]):
            raw = await self.http.get(f"{self.mailbox}/api/v1/message/{one['ID']}/raw")
            mails.append(email.message_from_bytes(raw.content, policy=email.policy.default))
        return mails

    async def publish(
        self, topic: str, key: str, value: bytes, headers: list[tuple[str, bytes]]
    ) -> None:
        """Publish as an outside system does, with a plain client."""
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka, **self.let_in["outside"])
        await producer.start()
        try:
            await producer.send_and_wait(topic, value, key=key.encode(), headers=headers)
        finally:
            await producer.stop()

    async def records(self, topic: str) -> list[Any]:
        return await everything_in(topic, self.kafka, **self.let_in["operator"])


@asynccontextmanager
async def a_region() -> AsyncIterator[Region]:
    """The system under test, on parts of its own or composed."""
    if chosen() == COMPOSE:
        urls = {name: f"http://127.0.0.1:{port(name)}" for name in SERVICES}
        kafka, mailbox = f"127.0.0.1:{port('kafka')}", f"http://127.0.0.1:{port('mailbox')}"
        with throwaway() as folder:
            copy_keys(folder)
            who = {one: kafka_access(folder, user) for one, user in USERS.items()}
            if SECURE:
                os.environ["KCAT_CONFIG"] = str(settings_of_kcat(folder, USERS["outside"]))
            region = Region(urls, kafka, mailbox, folder, Container("kafka"), **who)
            async with region.http:
                await region.prepare()
                yield region
        return
    with throwaway() as folder, Collector() as collector:
        traces = {"COPSE_OTLP": collector.address, "OTEL_BSP_SCHEDULE_DELAY": "500"}
        settings = {"COPSE_TEST_CLOCK": "1", **traces}
        with await asyncio.to_thread(start_system, folder, settings=settings) as system:
            parts = system.parts
            region = Region(system.urls, parts.kafka, parts.mailbox, folder, parts.kafka_process)
            region.collector = collector
            async with region.http, no_scans_in(parts.mongo, system.urls):
                await region.prepare()
                yield region
