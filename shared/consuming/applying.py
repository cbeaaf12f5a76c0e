"""Records are applied, each event once: watermark, ids, handlers, outbox and what is set aside, in one transaction a batch."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple

from pymongo.errors import PyMongoError

from shared.consuming import deduplication, parked
from shared.consuming.deduplication import SeenBefore
from shared.consuming.handlers import Handlers
from shared.consuming.partition import Partition
from shared.consuming.record import Record, read_on_topic
from shared.consuming.spans import Spans
from shared.events.cloudevents import Envelope, Origin, Unreadable
from shared.observability.metrics import CONSUMED
from shared.observability.traces import carry_on, tracer
from shared.storage.database import Database
from shared.storage.layout import HELD, WATERMARKS, watermark_id
from shared.storage.unit_of_work import Transaction
from shared.types.limits import HANDLING_SECONDS

Claim = Callable[[Transaction, int, int | None], Awaitable[None]]
"""Makes the records up to an offset this transaction's, or raises; said again of fewer, with the offset said before."""
Held = Callable[[Transaction], Awaitable[set[str]]]
"""Which queues have an event that is held: later ones of theirs wait behind it."""


class Applied(NamedTuple):
    """How many records are dealt with, and how many of their events took effect just now."""

    records: int
    handled: int


@dataclass(slots=True)
class Run:
    """One run of a transaction over a batch, which may run again."""

    tx: Transaction
    waiting: set[str]
    """Queues with an event that is held; later ones of theirs wait."""
    seen: set[str]
    """Identities of events that took effect before."""
    spans: Spans | None


class Fenced(Exception):
    """Another member of the group has taken this partition further."""


class Failed(Exception):
    """One event of a batch failed; those before it did not."""

    def __init__(self, offset: int, error: Exception) -> None:
        super().__init__(offset, error)
        self.offset = offset
        self.error = error


class Applier:
    """Applies records to the database."""

    def __init__(self, on: Handlers, database: Database) -> None:
        self.on = on
        self.database = database

    def read(self, raw: Any) -> Record:
        """Read a record of aiokafka; what it is worth is known afterwards, it never raises."""
        headers = [(name, text or b"") for name, text in raw.headers]
        envelope = read_on_topic(raw.topic, raw.value, headers, self.on.models)
        place = (raw.topic, raw.partition, raw.offset, raw.key)
        return Record(*place, raw.value, headers, envelope, published_ms=raw.timestamp)

    async def apply(self, partition: Partition, records: Sequence[Record]) -> Applied:
        """Apply records in order, in one transaction, for HANDLING_SECONDS: one at least.

        Raises Failed, Fenced, PyMongoError; nothing has happened then.
        """
        position = partition.position
        if position is None:
            raise Fenced(f"{partition} was revoked")
        heard = [
            n for n, record in enumerate(records) if record.offset > position and record.envelope
        ]
        batch = [records[n] for n in heard]
        if not batch:
            self._skipped(partition, sum(record.offset > position for record in records))
            return Applied(len(records), 0)
        topic, number = partition.tp
        queues = {record.queue for record in batch}

        async def advance(tx: Transaction, to: int, since: int | None = None) -> None:
            expected = {
                "_id": watermark_id(topic, number),
                "offset": position if since is None else since,
            }
            if not await tx.claim(WATERMARKS, expected, {"$set": {"offset": to}}):
                raise Fenced(str(partition))

        count, handled = await self.apply_deduplicated(
            batch, advance, parked.held_queues(topic, number, queues)
        )
        partition.position = batch[count - 1].offset
        done = len(records) if count == len(batch) else heard[count - 1] + 1
        new = sum(record.offset > position for record in records[:done])
        self._skipped(partition, new - count)  # once, however often the rest had to be tried
        return Applied(done, handled)

    def _skipped(self, partition: Partition, count: int) -> None:
        if count:
            CONSUMED.labels(partition.tp.topic, "skipped").inc(count)

    async def apply_deduplicated(
        self, batch: Sequence[Record], claim: Claim, held: Held | None = None
    ) -> Applied:
        """Apply a batch, each event that was not applied before."""
        try:
            return await self.run_transaction(batch, claim, held, careful=False)
        except SeenBefore:
            return await self.run_transaction(batch, claim, held, careful=True)

    async def run_transaction(
        self, batch: Sequence[Record], claim: Claim, held: Held | None, *, careful: bool
    ) -> Applied:
        """One transaction: what is handled when its time is over is committed, the rest is for the next."""
        making = tracer()  # no span an event where nobody wants it
        spans = Spans(self.on.group, making) if making else None
        outcomes: Counter[str] = Counter()

        async def work(tx: Transaction) -> int:
            outcomes.clear()
            if spans:
                spans.again()
            await claim(tx, batch[-1].offset, None)
            held_before = await held(tx) if held else set[str]()
            identities = self._to_remember(batch, held_before)
            seen = await deduplication.remember(tx, identities, careful=careful)
            new = {*identities} - seen
            run = Run(tx, set(held_before), seen, spans)
            ends = monotonic() + HANDLING_SECONDS
            for count, record in enumerate(batch):
                if count and monotonic() > ends:
                    await claim(tx, batch[count - 1].offset, batch[-1].offset)
                    handled = self._to_remember(batch[:count], held_before)
                    await deduplication.forget(tx, [*new.difference(handled)])
                    return count
                outcomes[await self.handle_record(record, run)] += 1
            return len(batch)

        count = await self.database.transact(work)
        if spans:
            spans.tell()
        for outcome, times in outcomes.items():
            CONSUMED.labels(batch[0].topic, outcome).inc(times)
        return Applied(count, outcomes["applied"])

    async def handle_record(self, record: Record, run: Run) -> str:
        """Handle an event, or set it aside, or know it already; the outcome is a label of the metric. Raises Failed."""
        try:
            return await self._handle_record(record, run)
        except PyMongoError:
            raise
        except Exception as error:
            raise Failed(record.offset, error) from error

    async def _handle_record(self, record: Record, run: Run) -> str:
        envelope, tx = record.envelope, run.tx
        waits = record.queue in run.waiting
        if isinstance(envelope, Unreadable) or (record.failure_reason and not waits):
            outcome = parked.park(tx, record, self.on.group)
            if run.spans:
                run.spans.set_aside(record, outcome)
            if outcome == HELD:
                run.waiting.add(record.queue)
            return outcome
        if waits:
            parked.queue_behind(tx, record)
            return HELD
        if envelope is None:
            return "skipped"
        if envelope.identity in run.seen:
            return "duplicate"
        await self._handle(record, envelope, run)
        if self.on.reacts_to(envelope.type):
            run.seen.add(envelope.identity)  # its copy may be in this very batch
        return "applied"

    def _to_remember(self, batch: Sequence[Record], held: Set[str]) -> list[str]:
        """The identities of the events that bring about reactions now, and do not queue behind one that is held."""
        waiting = set(held)
        identities: list[str] = []
        for record in batch:
            if record.queue in waiting or not isinstance(record.envelope, Envelope):
                continue
            if record.failure_reason:
                if not record.is_permanent:
                    waiting.add(record.queue)
            elif self.on.reacts_to(record.envelope.type):
                identities.append(record.envelope.identity)
        return identities

    async def _handle(self, record: Record, envelope: Envelope[Any], run: Run) -> None:
        tx, spans = run.tx, run.spans
        tx.cause = envelope
        first = envelope.correlationid or envelope.id
        tx.origin = Origin(self.database.source, envelope.traceparent, first, envelope.id)
        carry_on(envelope.traceparent)
        if spans and self.on.reacts_to(envelope.type):
            with spans.event(record, envelope, tx):
                await self.on.handle(envelope, record.topic, tx)
        else:
            await self.on.handle(envelope, record.topic, tx)
