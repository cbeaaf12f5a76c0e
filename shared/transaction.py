"""A unit of work: what a route's body and a handler read and write with."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel
from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from shared.clock import now
from shared.errors import Changed, NotFound, TooLarge
from shared.events import Document, Envelope, Event, Origin, write

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorClientSession

    from shared.database import Database
    from shared.telemetry import Handled

M = TypeVar("M", bound=BaseModel)
Filter = Mapping[str, Any]
Operation = (
    InsertOne[Document] | ReplaceOne[Document] | UpdateOne | UpdateMany | DeleteOne | DeleteMany
)


@dataclass(frozen=True, slots=True)
class Write:
    """What a projection wants its local copy to say: these fields, in this document.

    The kernel sets each field only if the event is newer than the one that last set it from that topic, so that
    order, repetition and replay do not matter. One field must come from one aggregate of a topic.
    """

    collection: str
    id: str
    fields: Document


@dataclass(slots=True)
class _Field:
    """What a field is to say, and the event it comes from: topic and sequence."""

    value: Any
    topic: str
    sequence: int | None


class Transaction:
    """A unit of work. Writes are kept back and sent in bulk: before a read of that collection, or at the end."""

    def __init__(
        self, database: "Database", session: "AsyncIOMotorClientSession | None", origin: Origin
    ) -> None:
        self.database = database
        self.origin = origin
        self.at = now()  # one moment for all that this transaction says
        self.cause: Envelope[Any] | None = None  # the event that is being handled
        self.version: int | None = None  # of the aggregate last loaded; becomes the ETag
        self.expected_version: int | None = None  # from If-Match
        self.hot: tuple[str, str] | None = None
        self.emitted = 0
        self.handled: Handled | None = None  # where traces are made
        self._session = session
        self._pending: dict[str, list[Operation]] = defaultdict(list)
        self._folded: dict[str, dict[str, dict[str, _Field]]] = defaultdict(dict)

    # reading

    async def get(self, collection: str, id: str) -> Document | None:
        """One document by its id."""
        return await self.find_one(collection, {"_id": id})

    async def find_one(self, collection: str, where: Filter) -> Document | None:
        await self.flush(collection)
        return await self.database[collection].find_one(where, session=self._session)

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
        cursor = self.database[collection].find(where, session=self._session, limit=limit)
        return await (cursor.sort(list(sort)) if sort else cursor).to_list(None)

    async def count(self, collection: str, where: Filter) -> int:
        await self.flush(collection)
        return await self.database[collection].count_documents(where, session=self._session)

    async def load(self, collection: str, model: type[M], id: str) -> M:
        """An aggregate's state. NotFound if there is none."""
        document = await self.get(collection, id)
        if document is None:
            raise NotFound(
                f"Nothing in {collection} is {id} that you may see. If it was made a moment ago, try again."
            )
        self.version = int(document["version"])
        return model.model_validate(_state(document))

    async def distinct(self, collection: str, field: str, where: Filter) -> list[Any]:
        await self.flush(collection)
        return await self.database[collection].distinct(field, where, session=self._session)

    # writing

    async def claim(self, collection: str, where: Filter, update: Document) -> bool:
        """Update a document at once. False if none fits: somebody else was faster."""
        done = await self.database[collection].update_one(where, update, session=self._session)
        return done.matched_count == 1

    async def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """Insert documents at once. BulkWriteError where one of the ids is taken."""
        await self.database[collection].insert_many(documents, session=self._session)

    async def remove(self, collection: str, where: Filter) -> bool:
        """Delete a document at once. False if none fits."""
        done = await self.database[collection].delete_one(where, session=self._session)
        return done.deleted_count == 1

    def write(self, collection: str, operation: Operation) -> None:
        """Keep a write until the next read of the collection or the end."""
        self._pending[collection].append(operation)

    def emit(self, event: Event, sequence: int) -> None:
        """Publish an event when, and only if, this transaction commits."""
        document = write(event, sequence, self.origin, self.at)
        if len(document["value"]) > self.database.largest_event:
            raise TooLarge(f"{event.type} is larger than Kafka takes.")
        self.emitted += 1
        self.write("outbox", InsertOne(document))

    def add(self, collection: str, id: str, state: BaseModel, *events: Event) -> None:
        """Keep a new aggregate and publish its first events. A second one with the id conflicts."""
        self.version = max(1, len(events))
        self.write(collection, InsertOne(_document(id, self.version, state, self.at)))
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
        self.hot = (collection, id)
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
        folded = self._folded[write.collection].setdefault(write.id, {})
        for name, value in write.fields.items():
            before = folded.get(name)
            if before and before.topic != topic:
                self._pending[write.collection].append(_set_if_newer(write.id, {name: before}))
                before = None
            if not (before and _is_newer(before.sequence, sequence)):
                folded[name] = _Field(value, topic, sequence)

    async def flush(self, collection: str | None = None) -> None:
        """Send the writes kept back, of one collection or of all."""
        for name in [collection] if collection else [*self._folded, *self._pending]:
            folded, pending = self._folded.pop(name, None), self._pending.pop(name, None)
            operations = [*(pending or [])]
            operations += [_set_if_newer(id, fields) for id, fields in (folded or {}).items()]
            if operations:
                await self.database[name].bulk_write(operations, session=self._session)


def _is_newer(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one > other


def _set_if_newer(id: str, fields: Mapping[str, _Field]) -> UpdateOne:
    """Set each field unless a newer event of the topic has set it; what set it stands under `seen`."""
    change: Document = {}
    for name, one in fields.items():
        value = {"$literal": one.value}
        if one.sequence is None:
            change[name] = value
            continue
        seen = f"seen.{one.topic.replace('.', '_')}.{name}"
        newer = {"$lt": [{"$ifNull": [f"${seen}", -1]}, one.sequence]}
        change[name] = {"$cond": [newer, value, f"${name}"]}
        change[seen] = {"$max": [f"${seen}", one.sequence]}
    return UpdateOne({"_id": id}, [{"$set": change}], upsert=True)


def _document(id: str, version: int, state: BaseModel, at: datetime) -> Document:
    return {**state.model_dump(), "_id": id, "version": version, "changed_at": at}


def _state(document: Document) -> Document:
    return {k: v for k, v in document.items() if k not in ("_id", "version", "changed_at")}
