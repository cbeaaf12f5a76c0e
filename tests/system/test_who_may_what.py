"""Composed: each service sees its own database alone; a Kafka that asks who one is lets nobody do more than they must."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    TopicAuthorizationFailedError,
)
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.local.services import names
from tests.support.compose import SECURE, compose, kafka_access, port
from tests.support.parts import COMPOSE, chosen
from tests.system.region import fresh

pytestmark = pytest.mark.skipif(chosen() != COMPOSE, reason="asks for COPSE_TEST_PARTS=compose")
asks_who_one_is = pytest.mark.skipif(not SECURE, reason="Kafka asks nobody who they are")
NOT_ALLOWED = 13  # MongoDB's code
KAFKA = f"127.0.0.1:{os.environ.get('COPSE_PORT_KAFKA') or port('kafka')}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("access")


@pytest.fixture
def mongo(folder: Path, request: pytest.FixtureRequest) -> Iterator[MongoClient[dict[str, Any]]]:
    """MongoDB as one of the services reaches it."""
    file = folder / request.param
    compose("cp", f"keys:/run/copse/{request.param}/copse_mongo", str(file))
    address = file.read_text().replace("mongo:27017", f"127.0.0.1:{port('mongo')}")
    address = address.replace("replicaSet=copse", "directConnection=true")
    with MongoClient[dict[str, Any]](address) as client:
        yield client


@pytest.mark.parametrize("mongo", names(), indirect=True)
def test_a_service_sees_its_own_database_alone(
    mongo: MongoClient[dict[str, Any]], request: pytest.FixtureRequest
) -> None:
    mine = request.node.callspec.params["mongo"]
    assert [name for name in mongo.list_database_names() if name != "admin"] == [mine]
    assert "outbox" in mongo[mine].list_collection_names()
    for other in {*names(), "admin"} - {mine}:
        for attempt in (
            mongo[other]["outbox"].find_one,
            lambda other=other: mongo[other]["outbox"].insert_one({"_id": "x"}),
            mongo[other].list_collection_names,
            lambda other=other: mongo.drop_database(other),
        ):
            with pytest.raises(OperationFailure) as refused:
                attempt()
            assert refused.value.code == NOT_ALLOWED


def test_a_service_sees_no_secret_of_another() -> None:
    for name in names():
        said = compose("exec", "-T", name, "sh", "-c", "ls /run/copse; cat /run/copse/copse_mongo")
        files, _, address = said.partition("mongodb://")
        assert files.split() == ["copse_kafka_password", "copse_mongo", "jwks.json"]
        assert address.startswith(f"{name}:")


@asynccontextmanager
async def a_producer(access: dict[str, Any]) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=KAFKA, enable_idempotence=True, **access)
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()


async def reads(access: dict[str, Any], topic: str, group: str | None = None) -> None:
    consumer: Any = AIOKafkaConsumer(
        topic,
        bootstrap_servers=KAFKA,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **access,
    )
    try:
        await consumer.start()
        await consumer.getmany(timeout_ms=1000)
    finally:
        await consumer.stop()


@asks_who_one_is
@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("scheduling", "membership.communities"),
        ("notifications", "membership.people"),
        ("membership", "notifications.requests"),
        ("scheduling", "scheduling.meetings.dead"),
        ("example", "scheduling.meetings"),
        ("example", "external.events.dead"),
    ],
)
async def test_nobody_publishes_what_belongs_to_others(folder: Path, user: str, topic: str) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        async with a_producer(kafka_access(folder, user)) as producer:
            await producer.send_and_wait(topic, b"{}", key=b"forged")


@asks_who_one_is
async def test_nobody_reads_what_they_do_not_handle(folder: Path) -> None:
    for user, topic in (("scheduling", "membership.people"), ("example", "membership.people")):
        with pytest.raises(TopicAuthorizationFailedError):
            await reads(kafka_access(folder, user), topic)


@asks_who_one_is
async def test_nobody_joins_the_group_of_another(folder: Path) -> None:
    with pytest.raises(GroupAuthorizationFailedError):
        await reads(kafka_access(folder, "example"), "membership.communities", "scheduling")


@asks_who_one_is
async def test_another_system_may_what_the_guide_says(folder: Path) -> None:
    access = kafka_access(folder, "example")
    async with a_producer(access) as producer:
        for topic in ("external.events", "notifications.requests"):
            await producer.send_and_wait(topic, b"no event", key=fresh("key").encode())
    await reads(access, "membership.communities", "example-intranet")
    await reads(access, "notifications.requests.dead")


@asks_who_one_is
async def test_who_has_no_password_is_let_in_nowhere(folder: Path) -> None:
    access = kafka_access(folder, "scheduling")
    wrong = {**access, "sasl_plain_password": secrets.token_urlsafe(32)}
    nobody: dict[str, Any] = {}
    for refused in (wrong, nobody):
        with pytest.raises(KafkaConnectionError):
            async with a_producer({**refused, "request_timeout_ms": 5_000}):
                pass
