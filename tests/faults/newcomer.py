"""A service that is added today, to a region with a past that goes on living: T15."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local import ports, services
from deploy.local.parts import Parts
from deploy.local.system import run
from shared.contracts.membership import MemberJoined, MemberLeft, RoleGiven
from shared.events.cloudevents import Origin, write
from shared.events.event import Event
from tests.kernel.world import until
from tests.support.service import started

TOPIC = "membership.communities"
PEOPLE = 40


@dataclass
class Past:
    """What membership has published so far; and who is what, which is all a newcomer has to know."""

    seed: int
    communities: int
    roles: dict[str, str | None] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    events: int = 0

    def goes_on(self, count: int) -> Iterator[tuple[Event, int]]:
        """The next events, each with its sequence: people come, take roles, and go."""
        dice = random.Random(self.seed + self.events)
        for _ in range(count):
            community = f"c{self.seed}-{dice.randrange(self.communities)}"
            event = self._happens(community, f"p{dice.randrange(PEOPLE)}", dice)
            self.sequences[community] = self.sequences.get(community, 0) + 1
            self.events += 1
            yield event, self.sequences[community]

    def _happens(self, community: str, person: str, dice: random.Random) -> Event:
        if community not in self.sequences:
            return started(community, started_by="p0")
        who = {"community_id": community, "person_id": person}
        seat = f"{community}:{person}"
        if self.roles.get(seat) is None:
            self.roles[seat] = "member"
            return MemberJoined(**who)
        if dice.random() < 0.5:
            self.roles[seat] = None
            return MemberLeft(**who)
        self.roles[seat] = role = dice.choice(["member", "co-facilitator", "facilitator"])
        return RoleGiven(**who, role=role)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Arrival:
    """How a new service came to know the past."""

    events: int
    behind_at_start: int
    ready_seconds: float
    live_events: int


async def a_service_is_added(parts: Parts, folder: Path, *, name: str, events: int) -> Arrival:
    """Publish a past, start a service without a database, publish on; AssertionError where it differs.

    `name` is a service that keeps memberships: resources or scheduling. Its database must not exist.
    """
    await asyncio.to_thread(run, "deploy.topics", "apply", COPSE_KAFKA=parts.kafka)
    past = Past(seed=random.randrange(10**6), communities=max(10, events // 100))
    mongo: Any = AsyncIOMotorClient(parts.mongo)
    port = ports.free()["smtp"]
    process = services.service(name, folder, port, parts, {})
    live = 0
    stop = asyncio.Event()

    async def live_traffic() -> None:
        nonlocal live
        while not stop.is_set():
            await _publish(parts, past.goes_on(20))
            live += 20
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.05)

    try:
        await _publish(parts, past.goes_on(events))
        ends = await _ends(parts)
        began = time.monotonic()
        traffic = asyncio.create_task(live_traffic())
        process.spawn()
        async with httpx2.AsyncClient() as http:
            await _ready(http, f"{services.address(port)}/readyz", seconds=120 + events / 100)
        ready = time.monotonic() - began
        applied = {one["_id"]: one["offset"] + 1 async for one in mongo[name]["watermarks"].find()}
        missing = {tp: end for tp, end in ends.items() if applied.get(tp, 0) < end}
        assert not missing, f"ready, and not there yet: {missing} of {applied}"
        stop.set()
        await traffic

        async def equal() -> bool:
            return await _memberships(mongo[name], past.seed) == past.roles

        await until(equal, seconds=60 + events / 2000, every=0.5)
        assert await asyncio.to_thread(process.stop) == 0
        return Arrival(past.events, events, ready, live)
    finally:
        stop.set()
        await asyncio.to_thread(process.stop)
        await mongo.drop_database(name)
        mongo.close()


async def _memberships(database: Any, seed: int) -> dict[str, str | None]:
    found = database["memberships"].find({"_id": {"$regex": f"^c{seed}-"}})
    return {one["_id"]: one.get("role") async for one in found}


async def _ready(http: httpx2.AsyncClient, url: str, *, seconds: float) -> None:
    async def answers() -> bool:
        try:
            return (await http.get(url)).status_code == 200
        except httpx2.TransportError:
            return False

    await until(answers, seconds=seconds, every=0.05)


async def _publish(parts: Parts, events: Iterator[tuple[Event, int]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=parts.kafka, acks="all", linger_ms=5)
    await producer.start()
    try:
        for event, sequence in events:
            one = write(event, sequence, Origin("/copse/membership"))
            key, headers = event.key.encode(), one["headers"]
            await producer.send(TOPIC, one["value"], key=key, headers=headers)
    finally:
        await producer.stop()


async def _ends(parts: Parts) -> dict[str, int]:
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=parts.kafka)
    await consumer.start()
    try:
        here = [TopicPartition(TOPIC, n) for n in consumer.partitions_for_topic(TOPIC)]
        ends = await consumer.end_offsets(here)
        return {f"{tp.topic}:{tp.partition}": end for tp, end in ends.items()}
    finally:
        await consumer.stop()
