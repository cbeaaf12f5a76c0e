"""How a service listens to Kafka: FastStream's batch subscriber, told to leave records as they are."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from itertools import chain
from typing import Any

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from shared.consuming import aiokafka_patch
from shared.consuming.faststream_patch import ManualBatchSubscriber

KafkaRecord = ConsumerRecord[bytes, bytes]
WAIT_MS = 500  # for records, when there are none; whatever comes ends the wait


class Subscriber(ManualBatchSubscriber):
    """A member of the group: it hands over at most so many records at a time, of the partitions that come first."""

    def __init__(
        self,
        broker: KafkaBroker,
        topics: Iterable[str],
        *,
        group: str,
        max_records: int,
        rebalanced: ConsumerRebalanceListener,
        idle_partitions: Callable[[], Collection[TopicPartition]],
        on_fetch_error: Callable[[], None],
    ) -> None:
        """`on_fetch_error` is called when Kafka could not be read, before that is tried again."""
        aiokafka_patch.install()
        super().__init__(
            broker,
            topics,
            group=group,
            listener=rebalanced,
            connection_args={
                "auto_offset_reset": "earliest",
                # What another system's transaction took back never happened.
                "isolation_level": "read_committed",
                "session_timeout_ms": 6_000,
                "heartbeat_interval_ms": 1_000,
                "max_poll_interval_ms": 900_000,
                "fetch_max_wait_ms": 250,
            },
        )
        self._max_records = max_records
        self._idle_partitions = idle_partitions
        self._on_fetch_error = on_fetch_error

    def listen(self, take: Callable[[KafkaMessage], Awaitable[None]]) -> None:
        """Hand every batch to `take`, one after the other, from when the broker starts."""
        self.add_to_broker(parser=_parse, decoder=_as_it_is)
        self(take)

    async def get_msg(self, consumer: Any) -> tuple[KafkaRecord, ...]:
        """FastStream's own sleeps after every look that found nothing: late for what comes, and busy when nothing does."""
        fetched: dict[Any, list[KafkaRecord]] = {}
        try:
            if partitions := self._idle_partitions():
                fetched = await consumer.getmany(*partitions, max_records=self._max_records)
            if not fetched:
                fetched = await consumer.getmany(timeout_ms=WAIT_MS, max_records=self._max_records)
        except Exception:
            self._on_fetch_error()
            raise
        return tuple(chain.from_iterable(fetched.values()))


async def _parse(message: Any) -> KafkaMessage:
    """Wraps the records; reading them is not its work, and never raises."""
    return KafkaMessage(body=b"", raw_message=message, consumer=FAKE_CONSUMER)


async def _as_it_is(message: Any) -> Any:
    return message
