"""Looking at Kafka and MongoDB, side by side; one that is away is a finding, not a failure."""

import asyncio
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
)
from pymongo.errors import PyMongoError

from deploy.cli import reach
from deploy.cli.status.lag import Lag, lag_of
from deploy.cli.status.seen import Seen, Service
from deploy.cli.terminal import sentence
from deploy.topics.apply import Unreachable
from services.notifications.delivery.layout import DELIVERIES, TROUBLED
from shared.events.event import Document
from shared.runtime.settings import Settings
from shared.storage.layout import BEHIND, DEAD, HELD, LEASES, OUTBOX, PARKED, WATERMARKS
from shared.types.clock import now

KAFKA_SECONDS = 20
COORDINATOR_COMING = (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)


async def look(where: Settings) -> Seen:
    """Everything at one moment, near enough."""
    stores: dict[str, Document] = {}
    mongo = kafka = None
    try:
        async with reach.mongo(where) as client:
            for name in await reach.services(client):
                stores[name] = await _store(client[name])
    except PyMongoError as error:
        mongo = sentence(error)
    lags: dict[str, tuple[int, Lag]] = {}
    try:
        async with asyncio.timeout(KAFKA_SECONDS), reach.admin(where) as admin:
            there = await reach.topics(admin)
            for name, store in stores.items():
                members, committed = await _group(admin, name)
                lag = await lag_of(where, name, store["watermarks"], committed, there)
                lags[name] = members, lag
    except TimeoutError:
        kafka = f"it did not answer within {KAFKA_SECONDS} s"
    except (Unreachable, KafkaError, OSError) as error:
        kafka = str(error)
    return Seen(kafka, mongo, [_service(name, stores[name], lags.get(name)) for name in stores])


def _service(name: str, store: Document, found: tuple[int, Lag] | None) -> Service:
    told = {field: value for field, value in store.items() if field != "watermarks"}
    listens = bool(store["watermarks"])
    if found is None:
        return Service(name=name, listens=listens, **told)
    members, lag = found
    return Service(
        name=name,
        listens=listens,
        members=members,
        lag_records=lag.records,
        lag_seconds=lag.seconds,
        odd=lag.odd,
        **told,
    )


async def _store(database: Any) -> Document:
    parked: Any = database[PARKED]
    failing = {"state": HELD, "code": {"$ne": BEHIND}}
    oldest = await database[OUTBOX].find_one({}, {"_id": 1}, sort=[("_id", 1)])
    lease = await database[LEASES].find_one({"_id": "relay", "$expr": {"$gt": ["$until", "$$NOW"]}})
    troubled = {
        state: await database[DELIVERIES].count_documents({"state": state}) for state in TROUBLED
    }
    return {
        "watermarks": {
            _partition(one["_id"]): int(one["offset"]) async for one in database[WATERMARKS].find()
        },
        "held": await parked.count_documents({"state": HELD}),
        "failing": await parked.count_documents(failing),
        "dead": await parked.count_documents({"state": DEAD}),
        "outbox": await database[OUTBOX].estimated_document_count(),
        "outbox_seconds": None if oldest is None else _age(oldest["_id"]),
        "relay": lease["holder"] if lease else None,
        "deliveries": {state: count for state, count in troubled.items() if count},
    }


def _partition(id: str) -> TopicPartition:
    topic, _, number = id.rpartition(":")
    return TopicPartition(topic, int(number))


def _age(event_id: str) -> float:
    """Seconds since the id was made: UUIDv7 begins with the machine's milliseconds (RFC 9562)."""
    made = int(event_id.replace("-", "")[:12], 16) / 1000
    return max(0.0, now().timestamp() - made)


async def _group(admin: AIOKafkaAdminClient, name: str) -> tuple[int, dict[TopicPartition, int]]:
    """Members and committed offsets. A Kafka that is new or was just started is asked again."""
    while True:
        try:
            return await _members(admin, name), await _committed(admin, name)
        except COORDINATOR_COMING:
            await asyncio.sleep(0.2)  # until KAFKA_SECONDS are over


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    responses: Any = await admin.describe_consumer_groups([group])
    return sum(len(one[5]) for response in responses for one in response.groups)


async def _committed(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    found: Any = await admin.list_consumer_group_offsets(group)
    return {tp: one.offset for tp, one in found.items()}
