"""A service's place in its consumer group, kept for as long as it runs: one consumer after another."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from pymongo.errors import PyMongoError

from shared.backoff import Backoff
from shared.consuming.consumer import Consumer
from shared.consuming.handlers import Handlers
from shared.observability.logs import log
from shared.storage.database import Database

STUCK_SECONDS = 60  # records wait and none is taken: aiokafka #1154
ANSWER_SECONDS = 5  # for Kafka to say how much there is
PARKED_SECONDS = 1  # between looks for parked events that are due


class ConsumerGroup:
    """Consumes until cancelled: with a new consumer after every failure to start, or when one stands still."""

    def __init__(
        self,
        on: Handlers,
        database: Database,
        broker: Callable[[], KafkaBroker],
        *,
        batch_records: int,
        brake_share: float,
        grace_seconds: float,
    ) -> None:
        self._on = on
        self._database = database
        self._broker = broker
        self._batch_records = batch_records
        self._brake_share = brake_share
        self._grace_seconds = grace_seconds
        self._consumer: Consumer | None = None
        self._stalls = 0  # consumers in a row that stood still from the start

    @property
    def is_stuck(self) -> bool:
        """Whether a second new consumer stands still: then only a new process helps."""
        return self._stalls > 1

    def waits_for(self) -> list[str]:
        """Why it has not caught up, a reason each."""
        if not self._on.topics:
            return []
        if self._consumer is None:
            return ["the history is not applied yet"]
        return self._consumer.waits_for()

    async def run(self) -> None:
        if not self._on.topics:
            return
        backoff = Backoff(0.2, 5)
        while True:
            broker = self._broker()
            consumer = Consumer(
                broker,
                self._on,
                self._database,
                max_records=self._batch_records,
                max_failure_share=self._brake_share,
            )
            try:
                await broker.start()
                self._consumer = consumer
                backoff.reset()
                await _watch(consumer)
                self._stalls = 0 if consumer.took else self._stalls + 1
                log.error("the consumer stands still; starting a new one")
            except Exception as error:  # a service that listens no longer must not look alive
                if isinstance(error, KafkaError | OSError):
                    log.warning("waiting for Kafka", error=repr(error)[:300])
                else:
                    log.exception("the consumer failed; starting a new one")
                await backoff.wait()
            finally:
                with suppress(Exception):
                    await consumer.finish(self._grace_seconds)
                    await broker.stop()


async def _watch(consumer: Consumer) -> None:
    """Retry what is parked, measure; returns when records wait and none is taken for long."""
    retrying = asyncio.create_task(_retry_parked(consumer))
    try:
        while consumer.waiting or consumer.still_for < STUCK_SECONDS:
            await asyncio.sleep(1)
            with suppress(KafkaError, PyMongoError, TimeoutError):  # away: the metric stays
                # Before Python 3.12 wait_for may lose a cancellation.
                async with asyncio.timeout(ANSWER_SECONDS):
                    await consumer.measure()
    finally:
        retrying.cancel()
        await asyncio.gather(retrying, return_exceptions=True)


async def _retry_parked(consumer: Consumer) -> None:
    while True:
        try:
            await consumer.retry_parked()
        except Exception as error:
            log.warning("parked events are not retried now", error=repr(error)[:500])
        await asyncio.sleep(PARKED_SECONDS)
