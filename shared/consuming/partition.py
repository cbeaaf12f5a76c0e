"""One assignment of a partition to this member: all that is true of it, from the moment it is ours until it is revoked."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shared.backoff import Backoff
from shared.consuming.lag import Lag
from shared.consuming.record import Record
from shared.observability.logs import log
from shared.storage.database import Database
from shared.storage.layout import WATERMARKS, watermark_id


class Partition:
    """Where it is applied to, where it is read, what is under way, how far it lags.

    Kafka's client has its own idea of where to read on; what counts is the watermark in MongoDB. What was read in one
    epoch counts in no other: each way back to the watermark begins one, and a new assignment is a new Partition.
    """

    def __init__(self, tp: TopicPartition) -> None:
        self.tp = tp
        self.epoch = 0
        self.closed = False
        self.recreated = False
        """Whether Kafka holds less of it than was applied: the topic was made anew."""
        self.position: int | None = None
        """The last offset whose effect is committed, -1 for none; None until MongoDB was asked."""
        self.done = 0
        """Records before this offset are dealt with, those that nobody listens to among them."""
        self.lag = Lag(tp)
        self.lock = asyncio.Lock()
        """Held while records of it are being applied or tried again."""
        self.task: asyncio.Task[None] | None = None
        """What applies a batch of it."""
        self.stands: str | None = None
        """Why nothing more is taken of it for a while (`brake.py`); None while it goes on."""
        self._stands_until = 0.0
        self._standing = Backoff(1, 30)
        self._batches = 0
        self._read_to: int | None = None

    def __str__(self) -> str:
        return f"{self.tp.topic}:{self.tp.partition}"

    @property
    def is_busy(self) -> bool:
        """Whether records are in our hands that are not applied yet."""
        return self._batches > 0 or self.lock.locked()

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing of it is being applied: what comes need not wait."""
        return self.task is None or self.task.done()

    def hand_over(self, records: Sequence[Record]) -> "Batch":
        """These records, the next ones, are in our hands now."""
        self._batches += 1
        self._read_to = records[-1].offset + 1
        return Batch(self, self.epoch, records)

    def let_go(self) -> None:
        """A batch that was handed over is dealt with."""
        self._batches -= 1

    async def resume(self, client: Any, database: Database, offset: int) -> bool:
        """On first sight go where the watermark says. False: `offset` is not that place, or the partition is lost."""
        if self.position is not None:
            return True
        epoch = self.epoch
        position = await watermark(database, self.tp)
        if position >= 0 and (await client.end_offsets([self.tp]))[self.tp] <= position:
            # Behind an open transaction that end is not the log's.
            log_end = self.log_end(client)
            if log_end is not None and log_end <= position:
                self.recreated = True
                log.error("the topic is shorter than what was applied of it", partition=str(self))
            return False
        if self.closed or self.epoch != epoch:
            return False
        # Records were skipped or compacted; or MongoDB was emptied or restored.
        goes_back = offset > position + 1
        if goes_back:
            self._seek(client, position + 1)
            self.epoch += 1
        self.position = position
        return not goes_back

    def log_end(self, client: Any) -> int | None:
        """Where the log ends, open transactions included, as the last fetch told; None if none did."""
        return client.highwater(self.tp) if self.tp in client.assignment() else None

    def forget(self) -> None:
        """The next records ask anew where to go on."""
        self.position = None

    def fetch_again(self, client: Any) -> None:
        """aiokafka failed, and may have let go of records that it had and did not hand over."""
        if self._read_to is None:
            self.forget()
        else:
            with suppress(IllegalStateError):  # it is not assigned any more
                client.seek(self.tp, self._read_to)

    def stand(self, client: Any, reason: str) -> None:
        """Take nothing more of it for a while; what was not applied is read again then."""
        self.stands = reason
        self._stands_until = time.monotonic() + self._standing.pause()
        self.epoch += 1
        with suppress(IllegalStateError):  # it is not assigned any more
            client.pause(self.tp)
            if self.position is not None:
                self._seek(client, self.position + 1)

    def try_again(self, client: Any) -> None:
        """Take more of it, if it has stood for long enough."""
        if self.stands and time.monotonic() > self._stands_until:
            with suppress(IllegalStateError):
                client.resume(self.tp)

    def goes_on(self) -> None:
        """A batch of it was applied."""
        self.stands = None
        self._standing.reset()

    async def close(self, deadline: float) -> None:
        """It is another's now. What runs may end, until the loop's time `deadline`; later it is fenced by the watermark."""
        self.closed = True
        try:
            async with asyncio.timeout_at(deadline), self.lock:
                self.forget()
        except TimeoutError:
            log.warning("a transaction outlives its partition", partition=str(self))
            self.forget()
        self.lag.close()

    def _seek(self, client: Any, offset: int) -> None:
        client.seek(self.tp, offset)
        self._read_to = offset


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition in the order of its log, as they were handed over."""

    partition: Partition
    epoch: int
    records: Sequence[Record]

    @property
    def counts(self) -> bool:
        """Whether these records are still what comes next; else they are read again, here or elsewhere."""
        return not self.partition.closed and self.partition.epoch == self.epoch


async def watermark(database: Database, tp: TopicPartition) -> int:
    """The last offset applied of a partition, -1 for none; from MongoDB."""
    kept = await database[WATERMARKS].find_one_and_update(
        {"_id": watermark_id(*tp)},
        {"$setOnInsert": {"offset": -1}},
        upsert=True,
        return_document=True,
    )
    return int(kept["offset"])
