"""A unit of work: what a route's body and a handler read and write with."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from pymongo import UpdateOne

from shared.errors import Changed, NotFound, TooLarge
from shared.events.cloudevents import Envelope, Origin, write
from shared.events.event import Document, Event
from shared.storage.layout import OUTBOX
from shared.storage.projection import Write
from shared.storage.reads import Collections, Filter, Reads
from shared.storage.write_buffer import Operation
from shared.types.clock import now
from shared.types.limits import EVENT_BYTES

M = TypeVar("M", bound=BaseModel)


class Undeclared(Exception):
    """The service emits an event that its `publishes` does not name."""


class Transaction(Reads):
    """A unit of work. Writes are kept back and sent in bulk: before a query of that collection, or at the end.

    Several may share one transaction of MongoDB's, one after the other: each is `part` of a whole, sees what those
    before it did, and leaves nothing unless it is absorbed.
    """

    def __init__(
        self,
        database: Collections,
        session: Any,
        origin: Origin,
        whole: "Transaction | None" = None,
    ) -> None:
        super().__init__(database, session, whole)
        self.origin = origin
        self.at = now()  # one moment for all that this unit of work says
        self.cause: Envelope[Any] | None = None  # the event that is being handled
        self.version: int | None = None  # of the aggregate last loaded or changed
        self.etag: int | None = None  # the version that the answer is to bear
        self.expected_version: int | None = None  # from If-Match
        self.last_changed: str | None = None  # an aggregate's id; others may be changing it as well
        self.emitted = 0
        self.woken: set[str] = set()
        self.cache: dict[str, Any] = {}  # what a store wants to know of for as long as this lasts

    def part(self, origin: Origin) -> "Transaction":
        """A unit of work within this one's transaction."""
        return Transaction(self._database, self._session, origin, self)

    def absorb(self, part: "Transaction") -> None:
        """What a part did is to be committed."""
        for name, buffer in part._buffers.items():
            for update in part._folding.taken(name):
                buffer.write(update)
            self._buffers[name].absorb(buffer)
        self.emitted += part.emitted
        self.woken |= part.woken

    # aggregates

    async def load(self, collection: str, model: type[M], id: str) -> M:
        """An aggregate's state. NotFound if there is none."""
        document = await self.get(collection, id)
        if document is None:
            raise NotFound(
                f"Nothing in {collection} is {id} that you may see. If it was made a moment ago, try again."
            )
        self.version = int(document["version"])
        return model.model_validate(_state(document))

    def tag(self) -> None:
        """Let the answer's ETag be the version of the aggregate last loaded or changed, for an If-Match to come.

        Only where the answer depends on nothing else: not on who asks, nor on another aggregate.
        """
        self.etag = self.version

    # writing

    async def claim(self, collection: str, where: Filter, update: Document) -> bool:
        """Update a document at once. False if none fits: somebody else was faster."""
        await self._before_writing(collection)
        done = await self._database[collection].update_one(where, update, session=self._session)
        return done.matched_count == 1

    async def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """Insert documents at once. BulkWriteError where one of the ids is taken."""
        await self._before_writing(collection)
        await self._database[collection].insert_many(documents, session=self._session)

    async def remove(self, collection: str, where: Filter) -> bool:
        """Delete a document at once. False if none fits."""
        await self._before_writing(collection)
        done = await self._database[collection].delete_one(where, session=self._session)
        return done.deleted_count == 1

    async def remove_all(self, collection: str, where: Filter) -> None:
        """Delete documents at once."""
        await self._before_writing(collection)
        await self._database[collection].delete_many(where, session=self._session)

    async def _before_writing(self, collection: str) -> None:
        await self.flush(collection)
        self._buffers[collection].invalidate_all()
        self.sent = True

    def write(self, collection: str, operation: Operation) -> None:
        """Keep a write until the next read of the collection or the end."""
        self._buffers[collection].write(operation)

    def update(self, collection: str, id: str, change: Document, *, upsert: bool = False) -> None:
        """Change one document, with the next writes of its collection."""
        self._buffers[collection].update(id, UpdateOne({"_id": id}, change, upsert=upsert))

    def replace(self, collection: str, id: str, document: Document) -> None:
        """Keep a document, whatever was there before, with the next writes of its collection."""
        self._buffers[collection].replace(id, {**document, "_id": id})

    def insert_later(self, collection: str, document: Document) -> None:
        """Insert a new document with the next writes of its collection."""
        self._buffers[collection].insert(document)

    def emit(self, event: Event, sequence: int) -> None:
        """Publish an event when, and only if, this transaction commits."""
        publishes = self._database.publishes
        if publishes is not None and type(event) not in publishes:
            raise Undeclared(f"{event.type} is not among what the service says it publishes")
        document = write(event, sequence, self.origin, self.at)
        if len(document["value"]) > EVENT_BYTES:
            raise TooLarge(f"{event.type} is larger than Kafka takes.")
        self.add_to_outbox(document)

    def add_to_outbox(self, document: Document) -> None:
        """Let the relay publish an outbox document once this transaction is committed."""
        self.emitted += 1
        self.insert_later(OUTBOX, document)

    def wake(self, chore: str) -> None:
        """Once this transaction is committed, let a chore of this process look at once for what to do."""
        self.woken.add(chore)

    def add(self, collection: str, id: str, state: BaseModel, *events: Event) -> None:
        """Keep a new aggregate and publish its first events. A second one with the id conflicts."""
        self.version = max(1, len(events))
        document = _document(id, self.version, state, self.at)
        self._buffers[collection].replace(id, document, new=True)
        for sequence, event in enumerate(events, 1):
            self.emit(event, sequence)

    async def change(
        self,
        collection: str,
        model: type[M],
        id: str,
        decide: Callable[[M], M | tuple[M, *tuple[Event, ...]]],
    ) -> M:
        """Load an aggregate, ask its rule, keep the new state, publish what the rule says happened.

        Raises NotFound, Changed (If-Match), and whatever the rule refuses with.
        """
        self.last_changed = id
        state = await self.load(collection, model, id)
        version = self.version or 0
        decided = decide(state)  # who may not do it learns that, not the version (RFC 9110, 13.2.1)
        if self.expected_version not in (None, version):
            raise Changed(f"It is at version {version} now. Read it again, then decide.")
        self.expected_version = None  # If-Match speaks of what the command changes first
        after, events = (decided[0], decided[1:]) if isinstance(decided, tuple) else (decided, ())
        if after == state and not events:
            return state
        self.version = version + max(1, len(events))
        document = _document(id, self.version, after, self.at)
        self._buffers[collection].replace(id, document, version)
        for sequence, event in enumerate(events, version + 1):
            self.emit(event, sequence)
        return after

    def project(self, write: Write, topic: str, sequence: int | None) -> None:
        """Fold a projection's write into the one bulk write of the batch."""
        buffer = self._buffers[write.collection]
        if before := self._folding.fold(write, topic, sequence):
            buffer.update(write.id, before)
        else:
            buffer.invalidate(write.id)


def _document(id: str, version: int, state: BaseModel, at: datetime) -> Document:
    return {**state.model_dump(), "_id": id, "version": version, "changed_at": at}


def _state(document: Document) -> Document:
    return {k: v for k, v in document.items() if k not in ("_id", "version", "changed_at")}
