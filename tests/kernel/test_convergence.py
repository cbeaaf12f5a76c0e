"""Copies converge, nobody is blamed for a crowd, and nothing in the outbox blocks the rest."""

import asyncio
import random
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.consuming.applying import Applied, Failed, Fenced
from shared.consuming.batching import Batching
from shared.consuming.partition import Partition
from shared.consuming.record import Record
from shared.errors import Busy
from shared.publishing.producer import Producer
from shared.publishing.relay import Relay
from shared.storage.projection import Write
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now
from tests.kernel.world import World, until
from tests.support.service import Service

TOPIC = "membership.communities"
FACTS = [  # sequence, fields: what one member's document is told over time
    (1, {"status": "active", "role": "member"}),
    (4, {"role": "facilitator"}),
    (6, {"status": "left"}),
    (9, {"status": "active", "role": "member"}),
    (11, {"role": "facilitator"}),
]


async def told(service: Service, facts: list[tuple[int, dict[str, str]]]) -> None:
    """Facts of one transaction."""

    async def work(tx: Transaction) -> None:
        for sequence, fields in facts:
            tx.project(Write("last", "ann", dict(fields)), TOPIC, sequence)

    await service.database.transact(work)


async def test_a_copy_is_the_same_in_whatever_order_and_batches_the_facts_come(
    service: Service,
) -> None:
    dice = random.Random(11)
    last = service.database["last"]
    for _ in range(40):
        await last.delete_many({})
        facts = [*FACTS, *dice.choices(FACTS, k=4)]
        dice.shuffle(facts)
        while facts:
            size = dice.randint(1, 4)
            await told(service, facts[:size])
            facts = facts[size:]
        found = await last.find_one({"_id": "ann"})
        assert (found["status"], found["role"]) == ("active", "facilitator")


async def test_a_replayed_fact_sets_the_fields_that_nothing_newer_has_set(service: Service) -> None:
    await told(service, [(31, {"role": "facilitator"})])
    await told(service, [(30, {"status": "active", "role": "member"})])
    found = await service.database["last"].find_one({"_id": "ann"})
    assert (found["status"], found["role"]) == ("active", "facilitator")


def delivery(offset: int) -> Record:
    return Record("t", 0, offset, b"k", b"v", [], envelope=None)


TP = TopicPartition("t", 0)


async def test_an_event_that_meets_a_crowd_is_tried_again_and_not_set_aside() -> None:
    tries: list[int] = []

    async def apply(_: Partition, piece: Any) -> Applied:
        tries.append(len(piece))
        if len(tries) < 4:
            raise Busy("Too many people are changing this at once.")
        assert piece[0].failure_reason is None
        return Applied(len(piece), len(piece))

    await Batching(apply, 0.5).settle(Partition(TP).hand_over([delivery(1)]))
    assert tries == [1, 1, 1, 1]


async def test_of_many_alike_failures_only_the_first_costs_time() -> None:
    applied: list[int] = []
    attempts = 0

    async def apply(_: Partition, piece: Any) -> Applied:
        nonlocal attempts
        attempts += 1
        for one in piece:
            if one.offset % 2 and not one.failure_reason:
                raise Failed(one.offset, RuntimeError(f"a bug, met at {one.offset}"))
        applied.extend(one.offset for one in piece)
        return Applied(len(piece), len(piece))

    async with asyncio.timeout(20):  # one by one it would be 50 × 1.5 s
        batch = Partition(TP).hand_over([delivery(n) for n in range(100)])
        await Batching(apply, 1).settle(batch)
    assert applied == list(range(100))
    assert attempts < 300


async def test_a_partition_that_is_lost_is_let_go_at_once() -> None:
    async def apply(partition: Partition, _: Any) -> Applied:
        partition.closed = True
        raise Failed(1, RuntimeError("meanwhile it was revoked"))

    with pytest.raises(Fenced):
        await Batching(apply, 0.5).settle(Partition(TP).hand_over([delivery(1), delivery(2)]))


def waiting(id: str, topic: str, key: str, seq: int, value: bytes = b"{}") -> dict[str, Any]:
    headers: list[tuple[str, bytes]] = []
    return {"_id": id, "topic": topic, "key": key, "seq": seq, "at": now()} | {
        "value": value,
        "headers": headers,
    }


async def test_what_cannot_be_published_stops_its_key_and_nothing_else(
    world: World, service: Service
) -> None:
    outbox = service.database["outbox"]
    await outbox.insert_many(
        [
            waiting("a1", world.topic, "a", 1),
            waiting("a2", world.topic, "a", 2, value=b"x" * 2_000_000),
            waiting("a3", world.topic, "a", 3),
            waiting("b1", "no.such.topic", "b", 1),
            waiting("c1", world.topic, "c", 1),
        ]
    )
    relay = Relay(service.database, Producer({"bootstrap_servers": world.parts.kafka}), 1000)
    running = asyncio.create_task(relay.run())

    async def rest_is_gone() -> bool:
        return {one["_id"] async for one in outbox.find()} == {"a2", "a3", "b1"}

    try:
        await until(rest_is_gone, seconds=60)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await relay.stop()
    keys = [record.key for record in await world.records(world.topic)]
    assert sorted(set(keys)) == [b"a", b"c"]
