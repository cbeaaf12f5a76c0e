"""Announcements go the way any other system's do: as CloudEvents on a topic, with nothing known of the services."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from deploy.region.data import Announcement, Announcements

TOPIC = "notifications.requests"
TYPE = "copse.notifications.NotificationRequested.v1"


class NotPublished(Exception):
    """Kafka did not take an announcement."""


async def announce(kafka: str, news: Announcements, people: Iterable[str]) -> None:
    """Publish what the region tells these people. Publishing it again is harmless: the ids stay the same."""
    audience = sorted(people)
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", enable_idempotence=True, request_timeout_ms=15_000
    )
    try:
        await producer.start()
        for one in news.announcements:
            await producer.send_and_wait(
                TOPIC, value(one, audience), key=one.id.encode(), headers=headers(one, news)
            )
    except KafkaError as error:
        raise NotPublished(f"Kafka at {kafka}, topic {TOPIC}: {error!r}") from error
    finally:
        await producer.stop()


def value(one: Announcement, audience: list[str]) -> bytes:
    said = one.model_dump(mode="json", exclude={"id"}, exclude_none=True)
    return json.dumps({"request_id": one.id, "audience": {"people": audience}, **said}).encode()


def headers(one: Announcement, news: Announcements) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0, Kafka binding, binary mode."""
    attributes = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": one.id,
        "ce_source": str(news.source),
        "ce_type": TYPE,
        "ce_time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return [(name, text.encode()) for name, text in attributes.items()]
