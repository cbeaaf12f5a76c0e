"""How a service listens to Kafka: FastStream's batch subscriber, told to leave records as they are."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from itertools import chain
from typing import Any

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from shared.consuming import aiokafka_patch

KafkaRecord = ConsumerRecord[bytes, bytes]
WAIT_MS = 500  # for records, when there are none; whatever comes ends the wait


def subscribe(
    broker: KafkaBroker,
    topics: Iterable[str],
    *,
    group: str,
    most: int,
    rebalanced: ConsumerRebalanceListener,
    take: Callable[[KafkaMessage], Awaitable[None]],
    first: Callable[[], Collection[TopicPartition]],
    failed: Callable[[], None],
) -> Any:
    """A member of the group: it hands over at most so many records at a time, of the partitions that come first.

    `failed` is called when Kafka could not be read, before that is tried again.
    """
    aiokafka_patch.install()
    subscriber: Any = broker.subscriber(
        *sorted(topics),
        batch=True,
        group_id=group,
        listener=rebalanced,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        isolation_level="read_committed",  # what another system's transaction took back never happened
        parser=_parse,
        decoder=_as_it_is,
        max_records=most,
        session_timeout_ms=6_000,
        heartbeat_interval_ms=1_000,
        max_poll_interval_ms=900_000,
        fetch_max_wait_ms=250,
    )

    async def next_records(consumer: Any) -> tuple[KafkaRecord, ...]:
        """FastStream's own sleeps after every look that found nothing: late for what comes, and busy when nothing does."""
        found: dict[Any, list[KafkaRecord]] = {}
        try:
            if partitions := first():
                found = await consumer.getmany(*partitions, max_records=most)
            if not found:
                found = await consumer.getmany(timeout_ms=WAIT_MS, max_records=most)
        except Exception:
            failed()
            raise
        return tuple(chain.from_iterable(found.values()))

    subscriber.get_msg = next_records
    subscriber(take)
    return subscriber


async def _parse(message: Any) -> KafkaMessage:
    """Wraps the records; reading them is not its work, and never raises."""
    return KafkaMessage(body=b"", raw_message=message, consumer=FAKE_CONSUMER)


async def _as_it_is(message: Any) -> Any:
    return message
