"""Every event takes effect once: watermark, event ids, and what is set aside; one transaction a batch."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any

from aiokafka import TopicPartition
from pymongo.errors import BulkWriteError, PyMongoError

from shared.consuming import parked
from shared.consuming.handlers import Handlers
from shared.consuming.record import Record, read_on_topic
from shared.consuming.spans import Spans
from shared.errors import Busy, TookTooLong
from shared.events.cloudevents import Envelope, Origin, Unreadable
from shared.observability.metrics import CONSUMED
from shared.observability.traces import carry_on, tracer
from shared.storage.database import Database, is_duplicate, is_outage
from shared.storage.layout import DEDUPLICATION, HELD, WATERMARKS, watermark_id
from shared.storage.unit_of_work import Transaction
from shared.types import clock
from shared.types.limits import HANDLING_SECONDS


class Fenced(Exception):
    """Another member of the group has taken this partition further."""


class Failed(Exception):
    """One event of a batch failed, or had no time left; those before it did not."""

    def __init__(self, offset: int, error: Exception) -> None:
        super().__init__(offset, error)
        self.offset = offset
        self.error = error


class SeenBefore(Exception):
    pass


class Deduplication:
    """Applies deliveries to the database, each event once."""

    def __init__(self, on: Handlers, database: Database) -> None:
        self.on = on
        self.database = database
        self.positions: dict[TopicPartition, int] = {}

    def receive(self, record: Any) -> Record:
        """Read a record of aiokafka; what it is worth is known afterwards, it never raises."""
        headers = [(name, text or b"") for name, text in record.headers]
        envelope = read_on_topic(record.topic, record.value, headers, self.on.models)
        where = (record.topic, record.partition, record.offset, record.key)
        return Record(*where, record.value, headers, envelope, published_ms=record.timestamp)

    async def position(self, tp: TopicPartition) -> int:
        """The last offset applied of a partition, -1 for none; from MongoDB."""
        watermarks = self.database[WATERMARKS]
        id = watermark_id(*tp)
        found = await watermarks.find_one_and_update(
            {"_id": id}, {"$setOnInsert": {"offset": -1}}, upsert=True, return_document=True
        )
        return int(found["offset"])

    async def apply(self, tp: TopicPartition, batch: Sequence[Record]) -> None:
        """Apply a partition's deliveries in one transaction. Raises Failed, Fenced, PyMongoError."""
        position = self.positions.get(tp)
        if position is None:
            raise Fenced(f"{tp} was revoked")
        new = [one for one in batch if one.offset > position]
        fresh = [one for one in new if one.envelope]
        if not fresh:
            self._skipped(tp, len(new))
            return

        async def advance(tx: Transaction) -> None:
            here = {"_id": watermark_id(*tp), "offset": position}
            if not await tx.claim(WATERMARKS, here, {"$set": {"offset": fresh[-1].offset}}):
                raise Fenced(str(tp))

        keys = {one.queue for one in fresh}
        held = parked.held_queues(tp.topic, tp.partition, keys)
        await self.once(fresh, advance, held)
        self.positions[tp] = fresh[-1].offset
        self._skipped(tp, len(new) - len(fresh))  # once, however often the rest had to be tried

    def _skipped(self, tp: TopicPartition, count: int) -> None:
        if count:
            CONSUMED.labels(tp.topic, "skipped").inc(count)

    async def retry(self, tp: TopicPartition, go_on: Callable[[], bool] = lambda: True) -> None:
        """Work off what is parked of a partition and due, key by key, in order, for as long as one may."""
        for queue in await parked.due(self.database, tp.topic, tp.partition):
            while go_on():
                head = await parked.head(self.database, tp.topic, tp.partition, queue)
                if head is None:
                    break
                one = Record(
                    *(head["topic"], head["partition"], head["offset"], head["raw_key"]),
                    *(head["value"], [(name, bytes(text)) for name, text in head["headers"]]),
                    envelope=None,
                )
                one.envelope = read_on_topic(one.topic, one.value, one.headers, self.on.models)
                try:
                    await self.once([one], parked.taking(head))
                except parked.Taken:
                    break
                except Exception as failure:
                    if is_outage(failure) or isinstance(failure, Busy):
                        raise
                    one.set_aside(failure.error if isinstance(failure, Failed) else failure)
                    await parked.failed_again(self.database, head, one, self.on.group)
                    break
                CONSUMED.labels(tp.topic, "recovered").inc()

    async def once(
        self,
        batch: Sequence[Record],
        claim: Callable[[Transaction], Awaitable[None]],
        held: "Callable[[Transaction], Awaitable[set[str]]] | None" = None,
    ) -> None:
        try:
            await self.transact(batch, claim, held, careful=False)
        except SeenBefore:
            await self.transact(batch, claim, held, careful=True)

    async def transact(
        self,
        batch: Sequence[Record],
        claim: Callable[[Transaction], Awaitable[None]],
        held: "Callable[[Transaction], Awaitable[set[str]]] | None",
        *,
        careful: bool,
    ) -> None:
        outcomes: Counter[str] = Counter()
        making = tracer()  # no span an event where nobody wants it
        spans = Spans(self.on.group, making) if making else None

        async def work(tx: Transaction) -> None:
            outcomes.clear()
            if spans:
                spans.again()
            await claim(tx)
            waiting = await held(tx) if held else set[str]()
            seen = await self.remember(tx, [o for o in batch if o.queue not in waiting], careful)
            ends = monotonic() + HANDLING_SECONDS
            for at, one in enumerate(batch):
                if at and monotonic() > ends:
                    why = f"{at} events took as long as a transaction may."
                    raise Failed(one.offset, TookTooLong(why))
                try:
                    outcome = await self.take(one, tx, waiting, seen, spans)
                except PyMongoError:
                    raise
                except Exception as error:
                    raise Failed(one.offset, error) from error
                outcomes[outcome] += 1

        await self.database.transact(work)
        if spans:
            spans.tell()
        for outcome, count in outcomes.items():
            CONSUMED.labels(batch[0].topic, outcome).inc(count)

    async def take(
        self,
        one: Record,
        tx: Transaction,
        waiting: set[str],
        seen: set[str],
        spans: Spans | None,
    ) -> str:
        """Handle an event, or set it aside, or know it already; the outcome is a label of the metric."""
        envelope = one.envelope
        if isinstance(envelope, Unreadable) or (one.trouble and one.queue not in waiting):
            outcome = parked.park(tx, one, self.on.group)
            if spans:
                spans.set_aside(one, outcome)
            if outcome == HELD:
                waiting.add(one.queue)
            return outcome
        if one.queue in waiting:
            parked.queue_behind(tx, one)
            return HELD
        if envelope is None:
            return "skipped"
        identity = envelope.identity
        if identity in seen:
            return "duplicate"
        await self._handle(one, envelope, tx, spans)
        if self.on.reacts_to(envelope.type):
            seen.add(identity)  # its copy may be in this very batch
        return "applied"

    async def remember(self, tx: Transaction, batch: Sequence[Record], careful: bool) -> set[str]:
        """Note the ids of events that bring about reactions; returns those that were noted before.

        Optimistic: the first try inserts blindly, and only a duplicate makes the second try look.
        """
        wanted = [
            one.envelope.identity
            for one in batch
            if isinstance(one.envelope, Envelope)
            and not one.trouble
            and self.on.reacts_to(one.envelope.type)
        ]
        if not wanted:
            return set()
        seen: set[str] = set()
        if careful:
            seen = {
                found["_id"] for found in await tx.find(DEDUPLICATION, {"_id": {"$in": wanted}})
            }
        elif len(set(wanted)) < len(wanted):
            raise SeenBefore
        moment = clock.machine()
        new = [{"_id": id, "at": moment} for id in dict.fromkeys(wanted) if id not in seen]
        try:
            if new:
                await tx.insert(DEDUPLICATION, new)
        except BulkWriteError as error:
            if not careful and is_duplicate(error):
                raise SeenBefore from None
            raise
        return seen

    async def _handle(
        self, one: Record, envelope: Envelope[Any], tx: Transaction, spans: Spans | None
    ) -> None:
        tx.cause = envelope
        first = envelope.correlationid or envelope.id
        tx.origin = Origin(self.database.source, envelope.traceparent, first, envelope.id)
        carry_on(envelope.traceparent)
        if spans and self.on.reacts_to(envelope.type):
            with spans.event(one, envelope, tx):
                await self.on.handle(envelope, one.topic, tx)
        else:
            await self.on.handle(envelope, one.topic, tx)
