"""Kafka → handlers: a batch, by partition one transaction each, then the offsets."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence, Set
from typing import Any, cast

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from shared.backoff import Backoff
from shared.consuming.applying import Applier, Fenced
from shared.consuming.batching import Batching
from shared.consuming.brake import Braked
from shared.consuming.handlers import Handlers
from shared.consuming.lag import show_none
from shared.consuming.partition import Batch, Partition
from shared.consuming.progress import Progress
from shared.consuming.record import Record
from shared.consuming.retrying import retry_due
from shared.consuming.subscriber import KafkaRecord, Subscriber
from shared.observability.logs import log
from shared.observability.metrics import BATCH
from shared.storage.database import Database
from shared.storage.failures import is_outage

MAX_CONCURRENT_BATCHES = 3  # others are handled while MongoDB writes one
REVOKE_SECONDS = 5.0  # for transactions that run when partitions are taken from us: the group waits


class Consumer(ConsumerRebalanceListener):
    """One member of the service's consumer group, and the partitions that are its own.

    `max_failure_share` of a topic's newest events may fail unforeseen before the topic stands.
    """

    def __init__(
        self,
        broker: KafkaBroker,
        on: Handlers,
        database: Database,
        *,
        max_records: int,
        max_failure_share: float,
    ) -> None:
        self._on = on
        self._database = database
        self._applier = Applier(on, database)
        self._batching = Batching(self._applier.apply, max_failure_share)
        self.partitions: dict[TopicPartition, Partition] = {}
        self._progress = Progress(on.topics, database)
        self._joined = False
        self._under_way: set[asyncio.Task[None]] = set()
        self._ending = False
        self.waiting = False  # for MongoDB, or for Kafka to say where the state is
        self.subscriber = Subscriber(
            *(broker, on.topics),
            group=on.group,
            max_records=max_records,
            rebalanced=self,
            idle_partitions=self._at_rest,
            on_fetch_error=self._fetch_again,
        )
        self.subscriber.listen(self.take)

    @property
    def client(self) -> Any:
        """aiokafka's consumer; None before the broker started."""
        return self.subscriber.consumer

    async def take(self, message: KafkaMessage) -> None:
        """Read a batch while others are being applied; then have it applied while the next is fetched."""
        # Nothing is awaited between aiokafka's handing over and here.
        fetched: defaultdict[TopicPartition, list[Record]] = defaultdict(list)
        for raw in cast("tuple[KafkaRecord, ...]", message.raw_message):
            fetched[TopicPartition(raw.topic, raw.partition)].append(self._applier.read(raw))
        batches = [
            partition.hand_over(records)
            for tp, records in fetched.items()
            if (partition := self.partitions.get(tp))
        ]
        await self._wait_for_slot(batches)
        if batches and not self._ending:
            task = asyncio.create_task(self._apply(batches))
            self._under_way.add(task)
            for batch in batches:
                batch.partition.task = task

    def _at_rest(self) -> set[TopicPartition]:
        """Beside what is being applied: the partitions of which nothing is. They need not wait."""
        resting = {tp for tp, partition in self.partitions.items() if partition.is_at_rest}
        return resting if len(resting) < len(self.partitions) else set()

    def _fetch_again(self) -> None:
        for partition in self.partitions.values():
            partition.fetch_again(self.client)

    async def _wait_for_slot(self, batches: Sequence[Batch]) -> None:
        """Wait until a batch more may be applied: never two of one partition, however the one before ends."""
        while True:
            self._under_way = {task for task in self._under_way if not task.done()}
            tasks = {batch.partition.task for batch in batches}
            mine = {task for task in self._under_way if task in tasks}
            before = self._under_way if len(self._under_way) >= MAX_CONCURRENT_BATCHES else mine
            if not before:
                return
            await asyncio.wait(before, return_when=asyncio.FIRST_COMPLETED)

    async def _apply(self, batches: Sequence[Batch]) -> None:
        try:
            ends = await asyncio.gather(*map(self.settle, batches), return_exceptions=True)
        finally:
            for batch in batches:
                batch.partition.let_go()
        offsets: dict[TopicPartition, int] = {}
        failures: list[str] = []
        for batch, end in zip(batches, ends, strict=True):
            if isinstance(end, BaseException):  # which nobody foresaw
                batch.partition.forget()  # what was not applied must not be passed over
                failures.append(repr(end))
            elif end is not None:
                offsets[batch.partition.tp] = end
        if failures:
            log.error("batches were given up, and are read again", errors=failures)
        self._progress.moved = time.monotonic()
        try:
            if offsets:
                await self.client.commit(offsets)
        except Exception as error:  # the watermarks in MongoDB count; this is Kafka's copy
            log.info("offsets not committed", error=repr(error))

    async def settle(self, batch: Batch) -> int | None:
        """Apply a batch of a partition. Returns the offset to commit, or None if it was lost."""
        partition, records = batch.partition, batch.records
        partition.lag.taken(records[0].published_ms)
        backoff = Backoff(0.1, 30)
        async with partition.lock:
            while batch.counts:
                try:
                    if not await partition.resume(self.client, self._database, records[0].offset):
                        return None
                    with BATCH.time():
                        await self._batching.settle(batch)
                except Fenced:
                    log.warning(
                        "another member took this partition further", partition=str(partition)
                    )
                    partition.forget()
                except Braked as reason:
                    log.error("a topic stands", reason=str(reason), exc_info=reason.__cause__)
                    partition.stand(self.client, str(reason))
                    return None
                except Exception as error:
                    if not (is_outage(error) or isinstance(error, KafkaError)):
                        log.exception(
                            "a batch cannot be applied; trying again", partition=str(partition)
                        )
                    self.waiting = True
                    await backoff.wait()
                else:
                    self.waiting = False
                    partition.goes_on()
                    partition.lag.applied(records[-1].published_ms)
                    partition.done = records[-1].offset + 1
                    return partition.done
            return None

    async def finish(self, seconds: float) -> None:
        """Begin nothing more; end what is begun, offsets included, within so many seconds."""
        self._ending = True
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=seconds)
            for task in late:
                task.cancel()

    async def retry_parked(self) -> None:
        """Try again what was set aside on this member's partitions and is due."""
        await retry_due(self._applier, self.partitions.values())

    # who has which partition

    async def _revoked(self, revoked: Set[TopicPartition]) -> None:
        """Let running transactions end; whatever comes late is fenced by the watermark."""
        self._joined = False  # who has nothing between two assignments does not stand by
        deadline = asyncio.get_running_loop().time() + REVOKE_SECONDS
        closing = [self.partitions.pop(tp) for tp in revoked if tp in self.partitions]
        for partition in closing:
            partition.closed = True
        for partition in closing:
            await partition.close(deadline)
        self.waiting = False  # of what is ours from now on nothing is known

    async def _assigned(self, assigned: set[TopicPartition]) -> None:
        """Take over; the position is read from MongoDB with the first records."""
        show_none()
        await self._revoked(self.partitions.keys() - assigned)  # aiokafka took them away before
        for tp in assigned - self.partitions.keys():
            self.partitions[tp] = Partition(tp)
        for partition in self.partitions.values():
            partition.lag.show()
        self._joined = True
        self._progress.assigned(assigned)

    on_partitions_revoked: Any = _revoked  # aiokafka awaits them, its types do not say so
    on_partitions_assigned: Any = _assigned

    # how far it is

    async def measure(self) -> int:
        """Records behind, over all partitions; feeds readiness, the lag metric and the watchdog."""
        if not self.client or not self._joined:
            return 0
        for partition in self.partitions.values():
            partition.try_again(self.client)
        return await self._progress.measure(self.client, self.partitions)

    def waits_for(self) -> list[str]:
        """Why this member is not ready, a reason each."""
        recreated = [partition for partition in self.partitions.values() if partition.recreated]
        waits = [f"{name} was made anew" for name in sorted(map(str, recreated))]
        if not self._progress.caught_up:
            waits.append("the history is not applied yet")
        if self.waiting:
            waits.append("MongoDB is away")
        stands = [partition.stands for partition in self.partitions.values() if partition.stands]
        return [*waits, *sorted(set(stands))]

    @property
    def still_for(self) -> float:
        """Seconds in which records waited and none was taken."""
        return time.monotonic() - max(self._progress.moved, self._batching.tried)

    @property
    def took(self) -> bool:
        """Whether it has applied anything at all."""
        return self._batching.moved > 0
