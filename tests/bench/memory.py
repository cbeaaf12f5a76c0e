"""Memory over many events: it must not grow with how many there were."""

import asyncio

from tests.bench.world import GRACE_SECONDS, Bench, deposits, megabytes, receipts

EVENTS = 100_000


async def growth(bench: Bench) -> float:
    """Megabytes that consuming grows by between the first and the last quarter of many events."""
    topic, database = await bench.topic(), await bench.database("receipts")
    for start in range(0, EVENTS, 20_000):
        await bench.fill(topic, deposits(EVENTS)[start : start + 20_000])
    broker, consumer = await bench.kernel_consumer(receipts(), database, topic)
    await broker.start()
    quarter = 0.0
    while (done := await database["receipts"].estimated_document_count()) < EVENTS:
        if not quarter and done >= EVENTS / 4:
            quarter = megabytes()
        await asyncio.sleep(0.05)
    last = megabytes()
    await consumer.finish(GRACE_SECONDS)
    await broker.stop()
    return last - quarter
