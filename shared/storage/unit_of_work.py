"""A unit of work: what a route's body and a handler read and write with."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel
from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from shared.errors import Changed, NotFound, TooLarge
from shared.events.cloudevents import Envelope, Origin, write
from shared.events.event import Document, Event
from shared.storage.layout import OUTBOX
from shared.storage.projection import Folding, Write
from shared.types.clock import now
from shared.types.limits import EVENT_BYTES

M = TypeVar("M", bound=BaseModel)
Filter = Mapping[str, Any]
Operation = (
    InsertOne[Document] | ReplaceOne[Document] | UpdateOne | UpdateMany | DeleteOne | DeleteMany
)


class Undeclared(Exception):
    """The service emits an event that its `publishes` does not name."""


class Collections(Protocol):
    """What a unit of work needs of a database."""

    publishes: frozenset[type[Event]] | None

    def __getitem__(self, collection: str) -> Any: ...


class Transaction:
    """A unit of work. Writes are kept back and sent in bulk: before a read of that collection, or at the end."""

    def __init__(self, database: Collections, session: Any, origin: Origin) -> None:
        self._database = database
        self.origin = origin
        self.at = now()  # one moment for all that this transaction says
        self.cause: Envelope[Any] | None = None  # the event that is being handled
        self.version: int | None = None  # of the aggregate last loaded or changed
        self.etag: int | None = None  # the version that the answer is to bear
        self.expected_version: int | None = None  # from If-Match
        self.contended: tuple[str, str] | None = None
        self.emitted = 0
        self.woken: set[str] = set()
        self.cache: dict[str, Any] = {}  # what a store wants to know of for as long as this lasts
        self._session = session
        self._pending: dict[str, list[Operation]] = defaultdict(list)
        self._folding = Folding()
        self._read: dict[str, dict[str, Document | None]] = defaultdict(dict)

    # reading

    async def get(self, collection: str, id: str) -> Document | None:
        """One document by its id. Asked for again it is not read again, unless the collection was written to."""
        documents = self._read[collection]
        if id not in documents:
            document = await self.find_one(collection, {"_id": id})
            # Not `documents`: it was emptied, if something had to be written first.
            documents = self._read[collection]
            documents[id] = document
        document = documents[id]
        return dict(document) if document is not None else None

    async def find_one(self, collection: str, where: Filter) -> Document | None:
        await self.flush(collection)
        return await self._database[collection].find_one(where, session=self._session)

    async def find(
        self,
        collection: str,
        where: Filter,
        *,
        sort: Sequence[tuple[str, int]] = (),
        limit: int = 0,
    ) -> list[Document]:
        """Every document that fits, at most `limit` of them (0: all)."""
        await self.flush(collection)
        cursor = self._database[collection].find(where, session=self._session, limit=limit)
        return await (cursor.sort(list(sort)) if sort else cursor).to_list(None)

    async def count(self, collection: str, where: Filter) -> int:
        await self.flush(collection)
        return await self._database[collection].count_documents(where, session=self._session)

    async def load(self, collection: str, model: type[M], id: str) -> M:
        """An aggregate's state. NotFound if there is none."""
        document = await self.get(collection, id)
        if document is None:
            raise NotFound(
                f"Nothing in {collection} is {id} that you may see. If it was made a moment ago, try again."
            )
        self.version = int(document["version"])
        return model.model_validate(_state(document))

    async def aggregate(self, collection: str, stages: Sequence[Document]) -> list[Document]:
        await self.flush(collection)
        cursor = self._database[collection].aggregate(list(stages), session=self._session)
        return await cursor.to_list(None)

    async def distinct(self, collection: str, field: str, where: Filter) -> list[Any]:
        await self.flush(collection)
        return await self._database[collection].distinct(field, where, session=self._session)

    def tag(self) -> None:
        """Let the answer's ETag be the version of the aggregate last loaded or changed, for an If-Match to come.

        Only where the answer depends on nothing else: not on who asks, nor on another aggregate.
        """
        self.etag = self.version

    # writing

    async def claim(self, collection: str, where: Filter, update: Document) -> bool:
        """Update a document at once. False if none fits: somebody else was faster."""
        self._read.pop(collection, None)
        done = await self._database[collection].update_one(where, update, session=self._session)
        return done.matched_count == 1

    async def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """Insert documents at once. BulkWriteError where one of the ids is taken."""
        self._read.pop(collection, None)
        await self._database[collection].insert_many(documents, session=self._session)

    async def remove(self, collection: str, where: Filter) -> bool:
        """Delete a document at once. False if none fits."""
        self._read.pop(collection, None)
        done = await self._database[collection].delete_one(where, session=self._session)
        return done.deleted_count == 1

    async def remove_all(self, collection: str, where: Filter) -> None:
        """Delete documents at once."""
        self._read.pop(collection, None)
        await self._database[collection].delete_many(where, session=self._session)

    def write(self, collection: str, operation: Operation) -> None:
        """Keep a write until the next read of the collection or the end."""
        self._read.pop(collection, None)
        self._pending[collection].append(operation)

    def insert_later(self, collection: str, document: Document) -> None:
        """Insert a new document with the next writes of its collection."""
        self.write(collection, InsertOne(document))

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
        self.insert_later(collection, _document(id, self.version, state, self.at))
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
        self.contended = (collection, id)
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
        self.write(
            collection,
            ReplaceOne(
                {"_id": id, "version": version}, _document(id, self.version, after, self.at)
            ),
        )
        for sequence, event in enumerate(events, version + 1):
            self.emit(event, sequence)
        return after

    def project(self, write: Write, topic: str, sequence: int | None) -> None:
        """Fold a projection's write into the one bulk write of the batch."""
        self._read.pop(write.collection, None)
        if before := self._folding.fold(write, topic, sequence):
            self._pending[write.collection].append(before)

    async def flush(self, collection: str | None = None) -> None:
        """Send the writes kept back, of one collection or of all."""
        names = [collection] if collection else [*self._folding.collections, *self._pending]
        for name in dict.fromkeys(names):
            operations = [*self._pending.pop(name, ()), *self._folding.taken(name)]
            if operations:
                await self._database[name].bulk_write(operations, session=self._session)


def _document(id: str, version: int, state: BaseModel, at: datetime) -> Document:
    return {**state.model_dump(), "_id": id, "version": version, "changed_at": at}


def _state(document: Document) -> Document:
    return {k: v for k, v in document.items() if k not in ("_id", "version", "changed_at")}
