"""The operator's view over real services: what waits is told, what only looks like waiting is not."""

import json
import time
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer
from pymongo import AsyncMongoClient

from tests.kernel.world import until
from tests.operator.desk import Desk, Work, a_request, headers
from tests.system.region import fresh

pytestmark = pytest.mark.timeout(240)


async def test_a_system_at_work_is_fine(work: Work):
    answer = await work.desk.types_in_a_terminal("status")
    assert answer.code == 0, answer.out + answer.err
    assert answer.out.splitlines()[-1] == "fine"
    for service in work.system.services:
        assert service in answer.out


async def test_a_stopped_consumer_is_degraded_within_30_s_and_fine_again_when_it_goes_on(
    work: Work,
):
    process = work.system.services["notifications"].process
    process.pause()
    began = time.monotonic()
    try:
        ann = work.region.person("ann")
        event = a_request([ann.person_id], fresh("It waits"))
        await work.desk.done("events", "publish", input=json.dumps(event))

        async def degraded() -> bool:
            return bool((await work.desk.status_of("notifications"))[1])

        await until(degraded, seconds=60, every=0.2)
        noticed = time.monotonic() - began
        seen, faults = await work.desk.status_of("notifications")
        code = (await work.desk.types("status")).code
    finally:
        process.resume()
    assert noticed < 30
    assert code == 1
    assert seen["members"] == 0, faults
    assert seen["lag_records"] >= 1
    assert seen["lag_seconds"] > 0

    async def fine() -> bool:
        return not (await work.desk.status_of("notifications"))[1]

    await until(fine, seconds=60, every=0.2)
    assert (await work.desk.status_of("notifications"))[0]["lag_records"] == 0


async def test_mails_that_failed_or_may_not_have_arrived_are_counted_until_they_are_sent_again(
    work: Work,
):
    ann = work.region.person("ann")
    await ann.does("PUT", "membership", "/people/me", json={})
    subject = fresh("Lost")
    events = [a_request([ann.person_id], f"{subject} {n}") for n in range(3)]
    await work.desk.done("events", "publish", input="\n".join(map(json.dumps, events)))
    await ann.gets(subject, count=3)
    async with AsyncMongoClient(work.desk.parts.mongo) as client:
        mails = client["notifications"]["notifications"]
        mine = {"person_id": ann.person_id, "state": "sent"}

        async def recorded() -> bool:
            return await mails.count_documents(mine) == 3

        await until(recorded, seconds=30, every=0.1)
        ids = [mail["_id"] async for mail in mails.find(mine, {"_id": 1})]
        for id, state in zip(ids, ("failed", "failed", "delivery-unknown"), strict=True):
            await mails.update_one({"_id": id}, {"$set": {"state": state}})
    seen, _ = await work.desk.status_of("notifications")
    assert seen["deliveries"] == {"failed": 2, "delivery-unknown": 1}
    answer = await work.desk.types_in_a_terminal("status")
    assert "2 failed" in answer.out
    for id in ids:
        await work.region.operator.does("POST", "notifications", f"/deliveries/{id}/resend")
    await ann.gets(subject, count=6)

    async def none_left() -> bool:
        return (await work.desk.status_of("notifications"))[0]["deliveries"] == {}

    await until(none_left, seconds=30, every=0.2)


async def test_records_nobody_handles_and_gaps_are_no_lag(work: Work):
    """A type nobody knows moves no watermark; a transaction's end is an offset without a record,
    and what it took back is none either.
    """
    producer = AIOKafkaProducer(bootstrap_servers=work.desk.parts.kafka, transactional_id="t1")
    await producer.start()
    try:
        event = a_request([], "x") | {"type": "org.example.Unheard.v1"}
        for _ in range(8):
            async with producer.transaction():
                await producer.send_and_wait(
                    "scheduling.meetings", json.dumps(event).encode(), headers=headers(event)
                )
        await producer.begin_transaction()
        wish = a_request(["nobody"], "taken back")
        for key in range(20):  # on every partition
            await producer.send_and_wait(
                "notifications.requests",
                json.dumps(wish).encode(),
                b"%d" % key,
                headers=headers(wish),
            )
        await producer.abort_transaction()
    finally:
        await producer.stop()
    seen: dict[str, object] = {}

    async def passed() -> bool:
        seen.update((await work.desk.status_of("notifications"))[0])
        return seen["lag_records"] == 0

    await until(passed, seconds=30, every=0.2)
    assert seen["lag_seconds"] is None


async def test_without_kafka_commands_succeed_and_the_outbox_is_told(work: Work):
    work.desk.parts.kafka_process.stop()
    try:
        ann = work.region.person("ann")
        await ann.does("PUT", "membership", "/people/me", json={})

        async def told() -> bool:
            return any(
                "wait for Kafka" in one for one in (await work.desk.status_of("membership"))[1]
            )

        await until(told, seconds=40, every=0.2)
        answer = await work.desk.types("status")
    finally:
        work.desk.parts.kafka_process.start()
    assert answer.code == 1
    assert "Kafka is away: No Kafka broker answers at" in answer.out

    async def fine() -> bool:
        return (await work.desk.types("status")).code == 0

    await until(fine, seconds=60, every=0.5)


async def test_an_address_where_nothing_is_makes_a_sentence_and_not_a_traceback(work: Work):
    nowhere = replace(work.desk.parts, kafka="127.0.0.1:1", mongo="mongodb://127.0.0.1:1")
    told = await Desk(work.desk.folder, nowhere).types_in_a_terminal("dead", "list")
    assert told.code == 1
    assert told.err.startswith("MongoDB cannot be reached: 127.0.0.1:1")
    assert "Traceback" not in told.err
