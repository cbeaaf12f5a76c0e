"""Outbox → Kafka. The collection is the truth; whatever wakes the relay is only a hint."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from typing import Any

from aiokafka.errors import KafkaError
from bson.codec_options import CodecOptions
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from shared.backoff import Backoff
from shared.events.event import Document
from shared.observability.logs import log
from shared.observability.metrics import OUTBOX_AGE, OUTBOX_DEPTH, PUBLISHED
from shared.publishing.producer import Producer
from shared.storage.database import Database
from shared.storage.failures import is_outage
from shared.storage.layout import LEASES, OUTBOX
from shared.storage.lease import Lease
from shared.types.clock import now
from shared.types.limits import OUTBOX_PASS

ORDER = [("key", 1), ("seq", 1)]
POLL_SECONDS = 0.25  # for what other replicas committed
ACK_SECONDS = 30  # no acknowledgement in this time: a new producer (aiokafka #1017)
ASK_SECONDS = 3  # whether a topic is there
MISSING_SECONDS = 30  # a topic that was not is not asked for again in this time


class Relay:
    """Publishes a service's outbox in order per key. One replica holds the lease and works.

    A relay that lost its lease unawares may publish an event twice; consumers take it once.
    """

    def __init__(self, database: Database, producer: Producer, limit: int) -> None:
        self._database = database
        self._limit = limit
        self._lease = Lease(database[LEASES], "relay")
        self._producer = producer
        self._topics: set[str] = set()  # topics that are there
        self._missing_topics: dict[str, float] = {}  # those that are not, and when that was seen
        self._asked_in_vain = False
        self._outbox = database[OUTBOX].with_options(CodecOptions(), write_concern=WriteConcern(1))
        self._from: tuple[str, int] | None = None  # where the next page begins
        self._read: asyncio.Task[list[Document]] | None = None  # the next page
        self._forgetting: asyncio.Task[None] | None = None
        self._sent = 0  # in full pages, since the order of keys began
        self._stopped: set[str] = set()  # keys of which an event cannot be sent

    async def run(self) -> None:
        """Relay until cancelled; waits out any absence of Kafka or MongoDB."""
        backoff = Backoff(2 * POLL_SECONDS, 5)
        while True:
            pause = POLL_SECONDS
            try:
                sent = await (self._pass() if await self._lease.held() else self._begin_anew())
                backoff.reset()
            except Exception as error:
                expected = is_outage(error) or isinstance(
                    error, KafkaError | OSError | TimeoutError
                )
                (log.warning if expected else log.exception)("relay waits", error=repr(error))
                await self._producer.drop()
                sent, pause = await self._begin_anew(), backoff.pause()
            if sent < OUTBOX_PASS:
                await self._idle(pause)

    async def stop(self) -> None:
        """Give the lease back, so that another replica goes on at once."""
        await self._producer.drop()
        await self._begin_anew()
        await self._lease.give_back()

    async def measure(self) -> None:
        """Depth and age of the outbox; above the limit commands are answered 503."""
        outbox = self._database[OUTBOX]
        depth = await outbox.estimated_document_count()
        oldest = await outbox.find_one({}, {"at": 1}, sort=[("at", 1)]) if depth else None
        OUTBOX_DEPTH.set(depth)
        OUTBOX_AGE.set(max(0.0, (now() - oldest["at"]).total_seconds()) if oldest else 0)
        self._database.outbox_full = depth > self._limit

    async def _idle(self, seconds: float) -> None:
        committed = self._database.committed
        try:
            async with asyncio.timeout(seconds):
                await committed.wait()
        except TimeoutError:
            pass
        committed.clear()

    async def _pass(self) -> int:
        """Send a page, in the order of keys, while the next is read and the last one is deleted."""
        events = await (self._read or self._page())
        self._read = None
        if not events:
            return await self._wrap()
        if self._lease.in_doubt:
            return OUTBOX_PASS  # too slow to be sure of the lease: ask again first, read again
        self._from = events[-1]["key"], events[-1]["seq"] + 1
        if len(events) == OUTBOX_PASS:
            self._read = asyncio.create_task(self._page())
        done = await self.send(events)
        await self._forgotten()
        self._forgetting = asyncio.create_task(self.forget(done))
        if len(events) < OUTBOX_PASS:
            return await self._wrap()
        self._sent += len(done)
        return OUTBOX_PASS

    async def _page(self) -> list[Document]:
        page = (
            self._outbox.find({}, {"at": 0}, batch_size=OUTBOX_PASS).sort(ORDER).limit(OUTBOX_PASS)
        )
        if self._from:
            page = page.min([*zip(("key", "seq"), self._from, strict=True)]).hint(ORDER)
        return await page.to_list(None)

    async def _wrap(self) -> int:
        """The end of the keys. After many pages begin at once again, for what came meanwhile."""
        await self._forgotten()
        again = self._sent > 0
        await self._begin_anew()
        return OUTBOX_PASS if again else 0

    async def _begin_anew(self) -> int:
        """Nothing that was read counts any more."""
        reading, self._read = self._read, None
        if reading:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        with suppress(PyMongoError):  # what was not deleted is sent again
            await self._forgotten()
        self._from, self._sent = None, 0
        self._stopped.clear()
        return 0

    async def send(self, events: list[Document]) -> list[str]:
        """Send in order. Returns the ids of what was acknowledged; raises what Kafka says of the others."""
        async with asyncio.timeout(ACK_SECONDS):
            sent = await self._hand_over(events)
            if late := [ack for _, ack in sent if not ack.done()]:
                await asyncio.wait(late)
        failed: dict[str, BaseException] = {}
        done: list[str] = []
        counts: Counter[str] = Counter()
        for event, ack in sent:
            if error := ack.exception():
                failed[event["key"]] = error
            elif event["key"] not in failed:  # else it is sent again, after the one that failed
                done.append(event["_id"])
                counts[event["topic"]] += 1
        for topic, count in counts.items():
            PUBLISHED.labels(topic).inc(count)
        if failed:
            await self.forget(done)
            raise next(iter(failed.values()))
        return done

    async def _hand_over(
        self, events: list[Document]
    ) -> list[tuple[Document, asyncio.Future[Any]]]:
        """Give all to the producer, one by one; an event that it does not take stops its key."""
        producer = await self._producer.ready()
        self._asked_in_vain = False
        sent: list[tuple[Document, asyncio.Future[Any]]] = []
        for event in events:
            topic, key = event["topic"], event["key"]
            if key in self._stopped or not (
                topic in self._topics or await self._is_there(producer, topic)
            ):
                self._stopped.add(key)
                continue
            headers = [*map(tuple, event["headers"])]
            try:
                ack = await producer.send(topic, event["value"], key=key.encode(), headers=headers)
                sent.append((event, ack))
            except (KafkaError, ValueError, TypeError) as error:  # this event, not Kafka
                self._stopped.add(key)
                self._topics.discard(topic)
                reason = repr(error)[:300]
                log.error("cannot be published", event_id=event["_id"], topic=topic, error=reason)
        await producer.flush()
        return sent

    async def _is_there(self, producer: Any, topic: str) -> bool:
        """Whether Kafka has this topic. In one page one question may be in vain: asking takes long."""
        moment = time.monotonic()
        if self._asked_in_vain or moment - self._missing_topics.get(topic, -1e9) < MISSING_SECONDS:
            return False
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await producer.partitions_for(topic)
        except (KafkaError, TimeoutError) as error:
            self._missing_topics[topic], self._asked_in_vain = moment, True
            log.error("a topic is not there", topic=topic, error=repr(error)[:300])
            return False
        self._topics.add(topic)
        return True

    async def forget(self, done: list[str]) -> None:
        """Delete what was acknowledged. A deletion that a failover forgets is an event sent twice;
        waiting for a majority would cost every pass."""
        await self._outbox.delete_many({"_id": {"$in": done}})

    async def _forgotten(self) -> None:
        forgetting, self._forgetting = self._forgetting, None
        if forgetting:
            await forgetting
