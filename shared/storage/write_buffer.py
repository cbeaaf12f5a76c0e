"""Writes of one collection that are kept back, and its documents as they will then be."""

from enum import Enum

from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from shared.events.event import Document

Operation = (
    InsertOne[Document] | ReplaceOne[Document] | UpdateOne | UpdateMany | DeleteOne | DeleteMany
)


class _Replacement:
    """A whole document that is to be kept: with a version, only over that one; a later one takes its place."""

    __slots__ = ("document", "id", "new", "version")

    def __init__(self, id: str, document: Document, version: int | None, *, new: bool) -> None:
        self.id = id
        self.document = document
        self.version = version
        self.new = new

    def operation(self) -> Operation:
        if self.new:
            return InsertOne(self.document)
        if self.version is None:
            return ReplaceOne({"_id": self.id}, self.document, upsert=True)
        return ReplaceOne({"_id": self.id, "version": self.version}, self.document)


class Unknown(Enum):
    """Why a buffer cannot tell a document."""

    UNREAD = "nobody asked for it"
    STALE = "a write changes it as only mongod can tell"


class WriteBuffer:
    """One collection within a unit of work.

    `documents` are those that were read or will be written, by id. `whole_outdated`: what was known before this unit of work
    counts no longer, as a write may have changed any document; `has_wide_write`: such a write is yet to be sent.
    """

    def __init__(self) -> None:
        self.documents: dict[str, Document | Unknown | None] = {}
        self.whole_outdated = False
        self.has_wide_write = False
        self._operations: list[Operation | _Replacement] = []
        self._replaced: dict[str, _Replacement] = {}

    def replace(
        self, id: str, document: Document, version: int | None = None, *, new: bool = False
    ) -> None:
        """Keep a whole document; twice the same one is one write, but for a `new` one: MongoDB refuses the second."""
        self.documents[id] = document
        self._replace(_Replacement(id, document, version, new=new))

    def _replace(self, replacement: _Replacement) -> None:
        before = self._replaced.get(replacement.id)
        if before and not replacement.new:
            before.document = replacement.document
            return
        self._replaced[replacement.id] = replacement
        self._operations.append(replacement)

    def insert(self, document: Document) -> None:
        """Add a document that is not changed again."""
        self.documents[document["_id"]] = document
        self._operations.append(InsertOne(document))

    def update(self, id: str, operation: UpdateOne) -> None:
        """Change one document as only mongod can tell."""
        self.invalidate(id)
        self._operations.append(operation)

    def write(self, operation: Operation) -> None:
        """Change whatever fits."""
        self.invalidate_all()
        self.has_wide_write = True
        self._operations.append(operation)

    def invalidate(self, id: str) -> None:
        """What was known of one document holds no longer."""
        self.documents[id] = Unknown.STALE
        self._replaced.pop(id, None)

    def invalidate_all(self) -> None:
        """What was known of the collection's documents holds no longer."""
        self.documents.clear()
        self._replaced.clear()
        self.whole_outdated = True

    def taken(self) -> list[Operation]:
        """The writes, which are pending no longer."""
        operations, self._operations, self.has_wide_write = self._operations, [], False
        self._replaced.clear()
        return [one.operation() if isinstance(one, _Replacement) else one for one in operations]

    def absorb(self, later: "WriteBuffer") -> None:
        """Take over what a unit of work that came later keeps, and knows."""
        if later.whole_outdated:
            self.invalidate_all()
        for one in later._operations:
            if isinstance(one, _Replacement):
                self._replace(one)
            else:
                self._operations.append(one)
                self._replaced.clear()  # what comes after it must not be written before it
        self.documents.update(later.documents)
        self.has_wide_write = self.has_wide_write or later.has_wide_write
