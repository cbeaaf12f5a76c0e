"""What a unit of work reads: each document as the writes that it keeps back will leave it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shared.events.event import Document, Event
from shared.storage.projection import Folding
from shared.storage.write_buffer import Unknown, WriteBuffer

Filter = Mapping[str, Any]


class Collections(Protocol):
    """What a unit of work needs of a database."""

    publishes: frozenset[type[Event]] | None

    def __getitem__(self, collection: str) -> Any: ...


class Reads:
    """Reads within one transaction. A query sends what is kept back of its collection; a document asked for by its id does
    so only where MongoDB alone can tell what it says.

    Within a `whole` of several units of work a part sees what those before it keep.
    """

    def __init__(self, database: Collections, session: Any, whole: "Reads | None" = None) -> None:
        self._database = database
        self._session = session
        self._whole = whole
        self._buffers: dict[str, WriteBuffer] = defaultdict(WriteBuffer)
        self._folding = Folding()
        self.sent = False  # something that only an abort of the transaction takes back
        self.failed = False  # to send something: the transaction must not be committed

    async def get(self, collection: str, id: str) -> Document | None:
        """One document by its id. Asked for again it is not read again, unless only mongod knows what it says now."""
        buffer = self._buffers[collection]
        document = buffer.documents.get(id, Unknown.UNREAD)
        if document is Unknown.UNREAD and self._whole and not buffer.whole_outdated:
            return await self._whole.get(collection, id)
        if isinstance(document, Unknown):
            if document is Unknown.STALE or buffer.has_wide_write:
                await self.flush(collection)
            document = await self._database[collection].find_one({"_id": id}, session=self._session)
            buffer.documents[id] = document
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

    async def aggregate(self, collection: str, stages: Sequence[Document]) -> list[Document]:
        await self.flush(collection)
        cursor = self._database[collection].aggregate(list(stages), session=self._session)
        return await cursor.to_list(None)

    async def distinct(self, collection: str, field: str, where: Filter) -> list[Any]:
        await self.flush(collection)
        return await self._database[collection].distinct(field, where, session=self._session)

    async def flush(self, collection: str | None = None) -> None:
        """Send the writes kept back, of one collection or of all; those of the whole come before a part's."""
        if self._whole:
            await self._whole.flush(collection)
        names = [collection] if collection else [*self._buffers, *self._folding.collections]
        for name in dict.fromkeys(names):
            operations = [*self._buffers[name].taken(), *self._folding.taken(name)]
            if not operations:
                continue
            self.sent = True
            try:
                await self._database[name].bulk_write(operations, session=self._session)
            except BaseException:
                self.failed = True
                raise
