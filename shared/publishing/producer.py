"""An idempotent producer that is there when it is wanted, and made anew after a failure."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.publishing.aiokafka_patch import abandon

STOP_SECONDS = 5


class Producer:
    """A client of Kafka for the relay alone: acks=all, in order, each record once.

    `connection` are aiokafka's arguments that say where Kafka is and what lets one in.
    """

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self._connection = connection
        self._client: Any = None

    async def ready(self) -> Any:
        """aiokafka's producer, started. KafkaError while Kafka is away."""
        if self._client is None:
            client: Any = AIOKafkaProducer(
                **self._connection,
                acks="all",
                enable_idempotence=True,
                linger_ms=2,
                max_batch_size=256 * 1024,
                max_request_size=1_048_576,
                compression_type="gzip",  # which every client reads without an extra
                request_timeout_ms=15_000,
            )
            try:
                await client.start()
            except BaseException:
                await client.stop()
                raise
            self._client = client
        return self._client

    async def drop(self) -> None:
        """Let go of it, whatever state it is in; what it still held is in the outbox."""
        client, self._client = self._client, None
        if client:
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await client.stop()
            except Exception:  # its successor must not send beside it
                await abandon(client)
