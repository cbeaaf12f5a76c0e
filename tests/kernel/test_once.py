"""Every event takes effect once and in order: T1, T2, T3, T9 of the backbone's table."""

import asyncio
import json
import random
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from shared.events.cloudevents import ID_HEADER, Origin, write
from shared.events.event import Event
from tests.kernel.world import PATIENCE, Record, World, until

ACCOUNTS = 8
KILLS = 4  # at random moments; tests/faults kills at each crash point


@pytest.mark.timeout(400)
async def test_nothing_is_lost_doubled_or_reordered_when_the_service_is_killed(
    world: World,
) -> None:
    acknowledged: dict[str, list[int]] = {f"a{n}": [] for n in range(ACCOUNTS)}
    stop = asyncio.Event()

    calm = asyncio.Event()

    async def customer(account: str) -> None:
        amount = 1000
        while not stop.is_set():
            amount += 1
            await world.deposit(account, amount)
            acknowledged[account].append(amount)
            await asyncio.sleep(0.2 if calm.is_set() else 0)

    world.module = "tests.faults.build sample"
    soon = {"COPSE_CLAIM_SECONDS": "5"}  # the command of a dead process is taken up again
    world.start(**soon)
    await world.ready()
    customers = [asyncio.create_task(customer(account)) for account in acknowledged]
    dice = random.Random(7)
    for kill in range(KILLS):
        # Some kills fall into start-up and rebalance, some into full flow.
        await asyncio.sleep(dice.uniform(1.5, 4) if kill % 2 else dice.uniform(8, 10))
        world.kill()
        world.start(**soon)
    calm.set()  # eight who never pause leave two cores nothing to catch up with
    await world.ready()
    stop.set()
    await asyncio.wait_for(asyncio.gather(*customers), PATIENCE)
    await world.drained()

    assert await world.amounts("accounts") == acknowledged
    assert await world.amounts("ledgers") == acknowledged
    assert sum(map(len, acknowledged.values())) > 100
    first_seen: dict[str, list[int]] = {}
    ids: set[bytes] = set()
    for record in await world.records(f"{world.name}.receipts"):
        id = dict(record.headers)[ID_HEADER]
        if id not in ids:
            ids.add(id)
            first_seen.setdefault(record.key.decode(), []).append(
                json.loads(record.value)["data"]["amount"]
            )
    assert first_seen == acknowledged


def deposits(world: World, accounts: int, each: int) -> dict[str, list[Record]]:
    """Events as another process of the owner would publish them, by account."""

    class AccountEvent(Event, topic=world.topic, key="account_id"):
        account_id: str

    class Deposited(AccountEvent):
        amount: int

    def record(account: str, n: int) -> Record:
        document = write(Deposited(account_id=account, amount=1000 + n), n, Origin("/elsewhere"))
        return account.encode(), document["value"], document["headers"]

    return {f"a{a}": [record(f"a{a}", n) for n in range(1, each + 1)] for a in range(accounts)}


def foreign(record: Record) -> Record:
    """The same fact from a system that numbers nothing."""
    key, value, _ = record
    body = json.loads(value or b"")
    del body["sequence"]
    return key, json.dumps(body | {"source": "https://hr.test"}).encode(), []


async def test_events_that_come_up_to_three_times_and_again_from_the_start_take_effect_once(
    world: World,
) -> None:
    dice = random.Random(3)
    once = deposits(world, accounts=20, each=15)
    for account in list(once)[:2]:
        once[account] = [foreign(record) for record in once[account]]
    published: list[Record] = []
    for records in once.values():
        for at, record in enumerate(records):
            published += [record] * dice.randint(1, 3)
            if dice.random() < 0.3:
                published.append(records[dice.randint(0, at)])
    everything = [record for records in once.values() for record in records]
    world.start()
    await world.publish(published)
    await world.ready()
    await world.drained()
    single_run = {account: [1001 + n for n in range(15)] for account in once}
    assert await world.amounts("ledgers") == single_run

    await world.publish(everything)
    await world.drained()
    assert await world.amounts("ledgers") == single_run
    lasts = {one["_id"]: one["amount"] async for one in world.db.last.find()}
    assert {a: n for a, n in lasts.items() if a not in list(once)[:2]} == dict.fromkeys(
        list(once)[2:], 1015
    )


async def test_what_another_systems_transaction_took_back_never_happened(world: World) -> None:
    records = deposits(world, accounts=3, each=4)
    world.start()
    await world.ready()
    async with AIOKafkaProducer(
        bootstrap_servers=world.parts.kafka, transactional_id=f"{world.name}-elsewhere"
    ) as producer:
        for at, keeps in ((0, True), (1, False), (2, True), (3, False)):
            await producer.begin_transaction()
            for key, value, headers in (each[at] for each in records.values()):
                await producer.send_and_wait(world.topic, value, key=key, headers=headers)
            await (producer.commit_transaction if keeps else producer.abort_transaction)()
    await world.publish([foreign(each[0]) for each in records.values()])  # behind all of that

    async def applied() -> bool:
        amounts = await world.amounts("ledgers")
        return len(amounts) == 3 and all(len(each) >= 3 for each in amounts.values())

    await until(applied)
    assert await world.amounts("ledgers") == {account: [1001, 1003, 1001] for account in records}


async def test_an_older_event_after_a_newer_one_leaves_the_copy_as_it_is(world: World) -> None:
    records = deposits(world, accounts=1, each=3)["a0"]
    await world.publish([records[0], records[2], records[1]])
    world.start()
    await world.ready()
    await world.drained()
    assert (await world.db.last.find_one({"_id": "a0"}))["amount"] == 1003


async def test_a_service_whose_database_was_emptied_reads_the_whole_history_again(
    world: World,
) -> None:
    once = deposits(world, accounts=5, each=4)
    await world.publish([record for records in once.values() for record in records])
    world.start()
    await world.ready()
    await world.drained()
    before = await world.amounts("ledgers")
    assert len(before) == 5
    world.terminate()
    assert world.process is not None
    assert await asyncio.to_thread(world.process.wait, 40) == 0
    await world.db.client.drop_database(world.name)

    world.start()
    await world.ready()

    async def all_there() -> bool:
        return await world.amounts("ledgers") == before

    await until(all_there)


async def test_sigterm_under_load_ends_with_zero_and_what_is_applied_is_committed(
    world: World,
) -> None:
    world.start()
    await world.ready()

    async def customer(account: str) -> None:
        for amount in range(1, 500):
            await world.deposit(account, 1000 + amount)

    customers = [asyncio.create_task(customer(f"a{n}")) for n in range(ACCOUNTS)]

    async def flowing() -> bool:
        return sum(map(len, (await world.amounts("ledgers")).values())) > 50

    await until(flowing)
    world.terminate()
    assert world.process is not None
    assert await asyncio.to_thread(world.process.wait, 40) == 0  # twice the grace, and some
    for one in customers:
        one.cancel()
    await asyncio.gather(*customers, return_exceptions=True)

    consumed = await committed(world)
    watermarks = {one["_id"]: one["offset"] + 1 async for one in world.db.watermarks.find()}
    assert consumed
    assert {tp: watermarks[tp] for tp in consumed} == consumed


async def committed(world: World) -> dict[str, int]:
    from aiokafka import AIOKafkaConsumer, TopicPartition

    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=world.parts.kafka, group_id=world.name, enable_auto_commit=False
    )
    await consumer.start()
    try:
        here = [TopicPartition(world.topic, n) for n in range(4)]
        found = {f"{tp.topic}:{tp.partition}": await consumer.committed(tp) for tp in here}
        return {name: offset for name, offset in found.items() if offset}
    finally:
        await consumer.stop()


async def test_a_commands_events_wait_while_kafka_is_away(world: World) -> None:
    world.start()
    await world.ready()
    world.parts.kafka_process.stop()
    try:
        for amount in range(1, 21):
            await asyncio.wait_for(world.deposit("a0", 1000 + amount), 5)
        assert await world.db.outbox.count_documents({}) == 20
    finally:
        world.parts.kafka_process.spawn()
        world.parts.kafka_process.wait_until_ready()

    async def arrived() -> bool:
        return (await world.amounts("ledgers")).get("a0") == [1000 + n for n in range(1, 21)]

    await until(arrived, seconds=60)
