"""Who scrapes a service sees how old the oldest event is that waits, also when the service can do nothing about it."""

import asyncio
import json

from aiokafka import AIOKafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from shared.events.cloudevents import Origin, write
from tests.kernel.sample import Deposited
from tests.kernel.world import Record, World, until


async def lag(world: World) -> float:
    """The age of the oldest event not applied, in seconds, as /metrics shows it."""
    text = (await world.http.get("/metrics")).text
    families = {one.name: one.samples for one in text_string_to_metric_families(text)}
    assert families["copse_lag_seconds"]
    return max(sample.value for sample in families["copse_lag_seconds"])


async def test_while_mongodb_stands_still_the_lag_grows_and_then_it_is_nothing(
    world: World,
) -> None:
    await caught_up(world)
    mongod = world.parts.mongo_process
    await asyncio.to_thread(mongod.pause)
    try:
        await world.publish([deposit(world)])
        await grows(world)
    finally:
        await asyncio.to_thread(mongod.resume)
    await until(lambda: is_nothing(world))
    assert (await world.db.ledgers.find_one({"_id": "a"}))["amounts"] == [5]


async def test_behind_a_transaction_that_another_system_leaves_open_the_lag_grows(
    world: World,
) -> None:
    await caught_up(world)
    async with AIOKafkaProducer(
        bootstrap_servers=world.parts.kafka, transactional_id=f"{world.name}-elsewhere"
    ) as producer:
        await producer.begin_transaction()
        key, value, headers = deposit(world)
        await producer.send_and_wait(world.topic, value, key=key, headers=headers)
        await grows(world)
        assert await world.amounts("ledgers") == {}
        await producer.abort_transaction()
    await until(lambda: is_nothing(world))
    assert await world.amounts("ledgers") == {}


async def caught_up(world: World) -> None:
    world.start()
    await world.ready()
    await until(lambda: is_nothing(world))


def deposit(world: World) -> Record:
    """A record as another process of the owner publishes it."""
    kind = f"copse.{world.name}.Deposited.v1"
    row = write(Deposited(account_id="a", amount=5), 1, Origin(f"/copse/{world.name}"))
    value = json.dumps(json.loads(row["value"]) | {"type": kind}).encode()
    headers = [("content-type", b"application/cloudevents+json"), ("ce_type", kind.encode())]
    return b"a", value, headers


async def grows(world: World) -> None:
    """Second by second, for three of them."""
    seen = [await lag(world)]

    async def three_seconds_more() -> bool:
        seen.append(await lag(world))
        return seen[-1] > seen[0] + 3

    await until(three_seconds_more)
    assert seen == sorted(seen)


async def is_nothing(world: World) -> bool:
    return await lag(world) == 0
