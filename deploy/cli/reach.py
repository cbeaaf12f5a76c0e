"""Where the system is: as COPSE_KAFKA and COPSE_MONGO say, else the one that `make up` started here."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError
from pymongo import AsyncMongoClient

from deploy.cli import terminal
from deploy.local import ports
from deploy.local.mongo import address
from deploy.local.state import PORTS, state_folder
from deploy.topics.apply import Unreachable
from shared.consuming import aiokafka_patch
from shared.events.event import Document
from shared.runtime.settings import Settings, load
from shared.storage.database import Database
from shared.storage.layout import WATERMARKS

Mongo = AsyncMongoClient[Document]
INNER = {"admin", "local", "config"}  # MongoDB's own databases
ANSWER_SECONDS = 5


def settings() -> Settings:
    """The settings of a service; what they leave open is found in the state folder of `make up`."""
    told = load(Settings)
    here: dict[str, str] = {}
    if not {"kafka", "mongo"} <= told.model_fields_set:
        recorded = state_folder() / PORTS
        on: dict[str, int] = json.loads(recorded.read_text()) if recorded.exists() else {}
        on = {**ports.chosen(), **on}
        here = {"kafka": f"{ports.HOST}:{on['kafka']}", "mongo": address(on["mongo"])}
    missing = {name: value for name, value in here.items() if name not in told.model_fields_set}
    return told.model_copy(update=missing)


def _kafka(where: Settings) -> dict[str, Any]:
    return {**where.kafka_client(), "client_id": "copse"}


@asynccontextmanager
async def mongo(where: Settings, **options: Any) -> AsyncGenerator[Mongo]:
    """A client of MongoDB for everything, not for one service's database."""
    client: Mongo = AsyncMongoClient(
        where.mongo,
        tz_aware=True,
        appname="copse",
        serverSelectionTimeoutMS=ANSWER_SECONDS * 1000,
        connectTimeoutMS=ANSWER_SECONDS * 1000,
        **options,
    )
    async with client:
        yield client


@asynccontextmanager
async def database(where: Settings, service: str) -> AsyncGenerator[Database]:
    """A service's database, as the kernel speaks to it."""
    one = Database(where.mongo, service)
    try:
        yield one
    finally:
        one.client.close()


async def services(client: Mongo) -> list[str]:
    """Every database that a service has made: none is named here, so a new one appears by itself."""
    names = [name for name in sorted(await client.list_database_names()) if name not in INNER]
    return [name for name in names if WATERMARKS in await client[name].list_collection_names()]


@asynccontextmanager
async def admin(where: Settings) -> AsyncGenerator[AIOKafkaAdminClient]:
    """Kafka's administration, by a broker that answers in seconds or is away."""
    client = AIOKafkaAdminClient(**_kafka(where), request_timeout_ms=ANSWER_SECONDS * 1000)
    try:
        await _start(client, where)
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def consumer(where: Settings, **options: Any) -> AsyncGenerator[Any]:
    """A consumer that belongs to no group: it reads what services read, and leaves no trace."""
    aiokafka_patch.install()
    told: dict[str, Any] = {
        **_kafka(where),
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "isolation_level": "read_committed",
    }
    client: Any = AIOKafkaConsumer(**(told | options))
    try:
        await _start(client, where)
        yield client
    finally:
        await asyncio.sleep(0)  # stopped before its tasks have begun, it raises CancelledError
        await client.stop()


@asynccontextmanager
async def producer(where: Settings, **options: Any) -> AsyncGenerator[Any]:
    """A producer that is told of every record whether all brokers have it."""
    client: Any = AIOKafkaProducer(
        **_kafka(where),
        acks="all",
        enable_idempotence=True,
        compression_type="gzip",
        request_timeout_ms=15_000,
        **options,
    )
    try:
        await _start(client, where)
        yield client
    finally:
        await client.stop()


async def _start(client: Any, where: Settings) -> None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await client.start()
    except (TimeoutError, KafkaConnectionError) as error:
        raise Unreachable(
            f"No Kafka broker answers at {where.kafka}. {terminal.hint('COPSE_KAFKA')}"
        ) from error


async def topics(client: AIOKafkaAdminClient) -> dict[str, int]:
    """Every topic and its number of partitions, Kafka's own left out."""
    found: Sequence[Any] = await client.describe_topics()
    return {
        one["topic"]: len(one["partitions"])
        for one in sorted(found, key=lambda one: one["topic"])
        if not one["is_internal"] and not one["topic"].startswith("__")
    }
