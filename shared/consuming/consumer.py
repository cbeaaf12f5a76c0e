"""Kafka → handlers: a batch, by partition one transaction each, then the offsets."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, cast

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from shared.backoff import Backoff
from shared.consuming import parked
from shared.consuming.batching import Batching
from shared.consuming.deduplication import Deduplication, Fenced
from shared.consuming.handlers import Handlers
from shared.consuming.in_flight import InFlight
from shared.consuming.lag import Lag
from shared.consuming.positions import Positions
from shared.consuming.record import Record
from shared.consuming.subscriber import KafkaRecord, subscribe
from shared.observability.logs import log
from shared.observability.metrics import BATCH
from shared.storage.database import Database, is_outage

TURN_SECONDS = 1.0


class Consumer(ConsumerRebalanceListener):
    """One member of the service's consumer group, and what it knows of its partitions."""

    def __init__(self, broker: KafkaBroker, on: Handlers, database: Database, most: int) -> None:
        self._database = database
        self._inbox = Deduplication(on, database)
        self._locks: defaultdict[TopicPartition, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._assigned: set[TopicPartition] = set()
        self._targets: dict[TopicPartition, int] | None = None
        self._moved = time.monotonic()
        self._joined = False
        self._done: dict[TopicPartition, int] = {}
        self._open: Counter[TopicPartition] = Counter()  # batches that are read and not yet applied
        self._turns = InFlight()
        self._places = Positions(self._inbox, lambda: self._client)
        self._ending = False
        self._lag = Lag()
        self._pieces = Batching(self._inbox.apply, most)
        self.waiting = False  # for MongoDB, or for Kafka to say where the state is
        self.subscriber = subscribe(
            *(broker, on.topics),
            group=on.group,
            most=most,
            rebalanced=self,
            take=self._take,
            first=self._at_rest,
            failed=lambda: self._places.fetch_again(self._assigned),
        )

    async def _take(self, message: KafkaMessage) -> None:
        """Read a batch while others are being applied; then have it applied while the next is fetched."""
        # Nothing is awaited between aiokafka's handing over and here.
        eras = self._places.eras.copy()
        batch: defaultdict[TopicPartition, list[Record]] = defaultdict(list)
        for record in cast("tuple[KafkaRecord, ...]", message.raw_message):
            one = self._inbox.receive(record)
            batch[TopicPartition(record.topic, record.partition)].append(one)
        self._places.handed_over({tp: here[-1].offset + 1 for tp, here in batch.items()})
        self._open.update(batch.keys())
        await self._turns.come(batch)
        if not self._ending:
            self._turns.begin(self._apply(batch, eras), batch)

    def _at_rest(self) -> set[TopicPartition]:
        """Beside what is being applied: the partitions of which nothing is. They need not wait."""
        taken = self._turns.taken
        return self._assigned - taken if taken else set()

    async def _apply(
        self,
        batch: Mapping[TopicPartition, Sequence[Record]],
        eras: Mapping[TopicPartition, int],
    ) -> None:
        try:
            done = await asyncio.gather(
                *(self._partition(tp, ds, eras.get(tp, 0)) for tp, ds in batch.items()),
                return_exceptions=True,
            )
        finally:
            self._open.subtract(batch.keys())
        ends = dict(zip(batch, done, strict=True))
        failures = {tp: end for tp, end in ends.items() if isinstance(end, BaseException)}
        for tp in failures:  # which nobody foresaw: what was not applied must not be passed over
            self._places.forget(tp)
        if failures:
            log.error("batches were given up, and are read again", errors=repr(failures)[:500])
        offsets = {tp: end for tp, end in ends.items() if end and tp not in failures}
        self._moved = time.monotonic()
        try:
            if offsets:
                await self._client.commit(offsets)
        except Exception as error:  # the watermarks in MongoDB count; this is Kafka's copy
            log.info("offsets not committed", error=repr(error))

    async def finish(self, seconds: float) -> None:
        """Begin nothing more; end what is begun, offsets included, within so many seconds."""
        self._ending = True
        await self._turns.finish(seconds)

    @property
    def _client(self) -> Any:
        return self.subscriber.consumer

    async def _partition(self, tp: TopicPartition, batch: Sequence[Record], era: int) -> int | None:
        """Apply a partition's deliveries. Returns the offset to commit, or None if it was lost.

        What was read before a rebalance or a seek is not what comes next; it is read again.
        """

        def counts() -> bool:
            return tp in self._assigned and self._places.eras[tp] == era

        self._lag.taken(tp, batch[0].published_ms)
        async with self._locks[tp]:
            backoff = Backoff(0.1, 30)
            while counts():
                try:
                    if not await self._places.resume(tp, batch[0].offset):
                        return None
                    with BATCH.time():
                        await self._pieces.settle(tp, batch, counts)
                except Fenced:
                    log.warning("another member took this partition further", partition=str(tp))
                    self._places.forget(tp)
                except Exception as error:
                    if not (is_outage(error) or isinstance(error, KafkaError)):
                        log.exception("a batch cannot be applied; trying again", partition=str(tp))
                    self.waiting = True
                    await backoff.wait()
                else:
                    self.waiting = False
                    self._lag.applied(tp, batch[-1].published_ms)
                    self._done[tp] = batch[-1].offset + 1
                    return self._done[tp]
            return None

    async def retry_parked(self) -> None:
        """Try again what was set aside on this member's partitions and is due."""
        if not await parked.any_due(self._database):
            return  # one question a second, not one for each of dozens of partitions
        for tp in [*self._assigned]:
            ends = time.monotonic() + TURN_SECONDS  # then what is new has its turn
            async with self._locks[tp]:
                await self._inbox.retry(
                    tp, lambda tp=tp, ends=ends: tp in self._assigned and time.monotonic() < ends
                )

    # who has which partition

    async def _revoked(self, revoked: set[TopicPartition]) -> None:
        """Let running transactions end; whatever comes late is fenced by the watermark."""
        self._assigned -= revoked
        self._joined = False  # who has nothing between two assignments does not stand by
        self._places.revoked(revoked)
        ends = asyncio.get_running_loop().time() + 5  # for all: the whole group waits
        for tp in revoked:
            try:
                async with asyncio.timeout_at(ends), self._locks[tp]:
                    self._places.forget(tp)
            except TimeoutError:
                log.warning("a transaction outlives its partition", partition=str(tp))
                self._places.forget(tp)
            self._locks.pop(tp, None)
            self._lag.revoked(tp)

    async def _assigned_now(self, assigned: set[TopicPartition]) -> None:
        """Take over; the position is read from MongoDB with the first records."""
        self._assigned, self._joined = set(assigned), True
        self._lag.assigned(assigned)
        if self._targets:
            self._targets = {tp: end for tp, end in self._targets.items() if tp in assigned}
        self._moved = time.monotonic()

    on_partitions_revoked: Any = _revoked  # aiokafka awaits them, its types do not say so
    on_partitions_assigned: Any = _assigned_now

    # how far it is

    async def measure(self) -> int:
        """Records behind, over all partitions; feeds readiness, the lag metric and the watchdog."""
        if not self._client or not self._joined:
            return 0
        if not self._assigned:  # more replicas than partitions: this one stands by
            known = [self._client.partitions_for_topic(topic) for topic in self._inbox.on.topics]
            self._targets = {} if all(known) else None  # a topic that is missing is no history
            return 0
        for tp in self._assigned - self._inbox.positions.keys():  # where no record came that asked
            async with self._locks[tp]:
                if tp in self._assigned and tp not in self._inbox.positions:
                    await self._places.resume(tp, await self._client.position(tp))
        ends: dict[TopicPartition, int] = await self._client.end_offsets([*self._assigned])
        if self._targets is None:  # of those that were not given away while Kafka was asked
            self._targets = {tp: end for tp, end in ends.items() if tp in self._assigned}
        behind = 0
        for tp, end in ends.items():
            busy = self._open[tp] > 0 or (tp in self._locks and self._locks[tp].locked())
            applied = max(self._done.get(tp, 0), self._inbox.positions.get(tp, -1) + 1)
            here = applied if busy else await self._client.position(tp)
            # What an open transaction holds back is lag that is shown, and not ours to catch up with.
            self._lag.measured(tp, max(0, end - here, self._places.log_end(tp) - here))
            behind += max(0, end - here)
            if here >= self._targets.get(tp, 0):
                self._targets.pop(tp, None)
        if not behind:
            self._moved = time.monotonic()
        return behind

    def waits_for(self) -> list[str]:
        """Why this member is not ready, a reason each."""
        waits = [] if self.caught_up else ["the history is not applied yet"]
        if self.waiting:
            waits.append("MongoDB is away")
        return waits + [f"{tp} was made anew" for tp in sorted(self._places.recreated)]

    @property
    def caught_up(self) -> bool:
        """Whether everything that was there at the start has been applied."""
        return self._targets is not None and not self._targets and not self._places.recreated

    @property
    def still_for(self) -> float:
        """Seconds in which records waited and none was taken."""
        return time.monotonic() - max(self._moved, self._pieces.tried)

    @property
    def took(self) -> bool:
        """Whether it has applied anything at all."""
        return self._pieces.moved > 0
