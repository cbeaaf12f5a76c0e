"""Publishing and commands: relay, HTTP, and the time from one place to the next."""

import asyncio
import time
import uuid
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.consuming.handlers import Handlers
from shared.events.cloudevents import Origin, write
from shared.http.router import Router, Tx
from shared.publishing.producer import Producer
from shared.publishing.relay import Relay
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.storage.database import Database
from tests.bench.world import (
    GRACE_SECONDS,
    Bench,
    Receipt,
    ReceiptWritten,
    Stopwatch,
    deposits,
    percentile,
    receipts,
)

EVENTS = 20_000
COMMANDS = 1_500
AT_ONCE = 8


async def raw_producer(bench: Bench) -> float:
    """Events a second of an idempotent producer with keys and headers."""
    topic, documents = await bench.topic(), deposits(EVENTS)
    producer = await bench.producer()
    with Stopwatch() as watch:
        sent = [
            await producer.send(topic, d["value"], key=d["key"].encode(), headers=d["headers"])
            for d in documents
        ]
        await asyncio.gather(*sent)
    await producer.stop()
    return EVENTS / watch.seconds


async def relay(bench: Bench) -> float:
    """Events a second from the outbox to Kafka's acknowledgement and the deletion."""
    topic, database = await bench.topic(), await bench.database()
    documents = [{**document, "topic": topic} for document in deposits(EVENTS)]
    await database["outbox"].insert_many(documents)
    one = Relay(database, Producer({"bootstrap_servers": bench.parts.kafka}), EVENTS)
    with Stopwatch() as watch:
        running = asyncio.create_task(one.run())
        while await database["outbox"].find_one({}):
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await one.stop()
    return EVENTS / watch.seconds


class Wish(BaseModel):
    """A command's body."""

    account_id: str
    amount: int


def _kernel_app(database: Database) -> FastAPI:
    router = Router()

    @router.post("/customers/{customer}/receipts", status_code=201)
    async def write_receipt(customer: int, wish: Wish, tx: Tx) -> Receipt:
        """Keep a receipt."""
        told = {"receipt_id": uuid.uuid4().hex, **wish.model_dump()}
        tx.add("receipts", told["receipt_id"], Receipt(**told), ReceiptWritten(**told))
        return Receipt(**told)

    return Service(
        "bench", router, Handlers("bench"), settings=Settings, publishes=(ReceiptWritten,)
    ).build(Settings(), database=database)


def _bare_app(database: Database) -> FastAPI:
    app = FastAPI()

    @app.post("/customers/{customer}/receipts", status_code=201)
    async def write_receipt(customer: int, wish: Wish) -> Receipt:
        told = {"receipt_id": uuid.uuid4().hex, **wish.model_dump()}
        event = write(ReceiptWritten(**told), 1, Origin("/copse/bench"))
        async with await database.client.start_session() as session:
            session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority"))
            state = {"_id": told["receipt_id"], "version": 1, **told}
            await database["receipts"].insert_one(state, session=session)
            await database["outbox"].insert_one(event, session=session)
            await session.commit_transaction()
        return Receipt(**told)

    return app


async def commands(bench: Bench, *, bare: bool) -> float:
    """Commands a second over HTTP, eight at once: POST → 201."""
    database = await bench.database("receipts")
    app = _bare_app(database) if bare else _kernel_app(database)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

        async def customer(number: int) -> None:
            for amount in range(COMMANDS // AT_ONCE):
                body = {"account_id": "a", "amount": amount}
                reply = await client.post(f"/customers/{number}/receipts", json=body)
                assert reply.status_code == 201, reply.text

        with Stopwatch() as watch:
            await asyncio.gather(*[customer(number) for number in range(AT_ONCE)])
    server.should_exit = True
    await serving
    return COMMANDS / watch.seconds


async def latencies(bench: Bench, samples: int = 200) -> dict[str, float]:
    """Milliseconds, 95th percentile: commit → acknowledged by Kafka, and event → state elsewhere."""
    topic, source, target = (
        await bench.topic(),
        await bench.database(),
        await bench.database("receipts"),
    )
    relay = Relay(source, Producer({"bootstrap_servers": bench.parts.kafka}), EVENTS)
    on = receipts()
    broker, consumer = await bench.kernel_consumer(on, target, topic)
    await broker.start()
    running = asyncio.create_task(relay.run())
    while await consumer.measure() or consumer.waits_for():
        await asyncio.sleep(0.1)
    published: list[float] = []
    applied: list[float] = []
    for document in deposits(samples):
        await asyncio.sleep(0.02)

        async def work(tx: Any, document: Any = document) -> None:
            from pymongo import InsertOne

            tx.write("outbox", InsertOne({**document, "topic": topic}))
            tx.emitted += 1

        await source.transact(work)
        committed = time.perf_counter()
        while await source["outbox"].find_one({"_id": document["_id"]}):
            await asyncio.sleep(0.001)
        published.append(time.perf_counter() - committed)
        while not await target["deduplication"].find_one(
            {"_id": "/copse/bench#" + document["_id"]}
        ):
            await asyncio.sleep(0.001)
        applied.append(time.perf_counter() - committed)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await relay.stop()
    await consumer.finish(GRACE_SECONDS)
    await broker.stop()
    return {
        "commit → published": percentile(published, 0.95) * 1000,
        "event → state": percentile(applied, 0.95) * 1000,
    }
