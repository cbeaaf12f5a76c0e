"""What was set aside is tried again when it is due, key by key, in order."""

import time
from collections.abc import Callable, Iterable

from aiokafka import TopicPartition

from shared.consuming import parked
from shared.consuming.applying import Applier, Failed
from shared.consuming.partition import Partition
from shared.consuming.record import read_on_topic
from shared.errors import Busy
from shared.observability.metrics import CONSUMED
from shared.storage.failures import is_outage

TURN_SECONDS = 1.0  # of one partition; then what is new has its turn


async def retry_due(applier: Applier, partitions: Iterable[Partition]) -> None:
    """Try again what is due of a member's partitions, for as long as each is its own."""
    if not await parked.any_due(applier.database):
        return  # one question, not one for each of dozens of partitions
    for partition in [*partitions]:
        async with partition.lock:
            ends = time.monotonic() + TURN_SECONDS
            await retry(
                applier,
                partition.tp,
                lambda mine=partition, ends=ends: not mine.closed and time.monotonic() < ends,
            )


async def retry(
    applier: Applier, tp: TopicPartition, go_on: Callable[[], bool] = lambda: True
) -> None:
    """Work off what is parked of a partition and due, for as long as one may. PyMongoError while MongoDB is away."""
    for queue in await parked.due(applier.database, *tp):
        while go_on():
            head = await parked.head(applier.database, *tp, queue)
            if head is None:
                break
            record = parked.record_of(head)
            record.envelope = read_on_topic(
                record.topic, record.value, record.headers, applier.on.models
            )
            try:
                await applier.apply_deduplicated([record], parked.taking(head))
            except parked.Taken:
                break
            except Exception as failure:
                if is_outage(failure) or isinstance(failure, Busy):
                    raise
                record.set_aside(failure.error if isinstance(failure, Failed) else failure)
                await parked.failed_again(applier.database, head, record, applier.on.group)
                break
            CONSUMED.labels(tp.topic, "recovered").inc()
