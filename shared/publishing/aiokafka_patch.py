"""What aiokafka's producer has no public way for."""

from contextlib import suppress
from typing import Any


async def abandon(producer: Any) -> None:
    """End a producer whose `stop` hangs or fails: it sends nothing more of what it still holds.

    `AIOKafkaProducer.stop` flushes first, and waits for ever where Kafka is away or the sender task died (aiokafka #1017).
    """
    sender = producer._sender.sender_task
    if sender:
        sender.cancel()
    with suppress(Exception):
        await producer.client.close()
