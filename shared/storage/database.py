"""One transaction = state + outbox + ids of events, retried on conflict. Of the kernel, the only file that knows Motor."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date, time
from time import monotonic
from typing import Any, TypeVar, cast

from bson.codec_options import CodecOptions, TypeRegistry
from bson.errors import InvalidDocument
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession
from pymongo import IndexModel
from pymongo.errors import (
    CollectionInvalid,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.backoff import Backoff
from shared.errors import Busy, TookTooLong
from shared.events.cloudevents import Origin
from shared.events.event import Document, Event
from shared.observability.traces import traceparent
from shared.storage.failures import is_conflict, is_duplicate
from shared.storage.group_commit import GroupCommit, Work
from shared.storage.layout import INDEXES, RENAMED
from shared.storage.unit_of_work import Transaction
from shared.types.limits import LONGEST_TRANSACTION_SECONDS

T = TypeVar("T")
TRIES = 30
DUPLICATE_TRIES = 3  # the race for an id is over once it is lost; what stays a duplicate is one


def _as_text(value: Any) -> Any:
    """BSON has no date or time of day: kept as ISO 8601 text, which Pydantic reads back."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(cast("set[Any]", value))
    if isinstance(value, int):
        raise OverflowError("MongoDB holds whole numbers of 8 bytes at most")
    raise InvalidDocument(f"MongoDB cannot hold a {type(value).__name__}")


CODEC: CodecOptions[Document] = CodecOptions(
    tz_aware=True, type_registry=TypeRegistry(fallback_encoder=_as_text)
)


class Database:
    """A service's own database, and the way to change it.

    `publishes` are the events that may be emitted here; None leaves that open.
    """

    def __init__(
        self, uri: str, name: str, *, publishes: Collection[type[Event]] | None = None
    ) -> None:
        self.client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            uri,
            tz_aware=True,
            serverSelectionTimeoutMS=5_000,
            connectTimeoutMS=5_000,
            socketTimeoutMS=20_000,
            maxPoolSize=50,
        )
        self._db = self.client.get_database(
            name, codec_options=CODEC, write_concern=WriteConcern("majority")
        )
        self.source = f"/copse/{name}"  # the CloudEvents source of what it publishes
        self.publishes = None if publishes is None else frozenset(publishes)
        self.prepared = False
        self.outbox_full = False
        self.committed = asyncio.Event()  # wakes the relay
        self.wakes: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._group_commit = GroupCommit(self._transact)
        self._collections: dict[str, Any] = {}  # Motor would make a new object for each use

    def __getitem__(self, collection: str) -> Any:
        if collection not in self._collections:
            self._collections[collection] = self._db[collection]
        return self._collections[collection]

    @property
    def raw(self) -> Any:
        """Motor's own database, for GridFS alone."""
        return self._db

    def origin(self, **context: str | None) -> Origin:
        """Where an event published now comes from, the trace included."""
        return Origin(self.source, traceparent=traceparent(), **context)

    def reading(self, origin: Origin | None = None) -> Transaction:
        """A unit of work that only reads: no session, no snapshot, nothing to commit."""
        return Transaction(self, None, origin or self.origin())

    async def prepare(self, indexes: Mapping[str, Sequence[IndexModel]]) -> None:
        """Create the collections and indexes; inside transactions it would conflict."""
        known = await self._db.list_collection_names()
        for before, after in RENAMED.items():
            if before in known and after not in known:
                with suppress(OperationFailure):  # another replica was faster
                    await self._db[before].rename(after)
        for name, wanted in {**INDEXES, **indexes}.items():
            with suppress(CollectionInvalid):  # it is there already
                await self._db.create_collection(name)
            if wanted:
                await self[name].create_indexes(list(wanted))

    async def transact(
        self, work: Callable[[Transaction], Awaitable[T]], origin: Origin | None = None
    ) -> T:
        """Run `work` in one transaction; on a conflict run it again, so it must touch nothing else.

        Raises Busy when conflicts do not end, TookTooLong when mongod ended it for its length, PyMongoError when
        MongoDB is away, and what `work` raises.
        """
        return await self._transact(work, origin or self.origin(), in_turn=True)

    def require_room(self, lane_key: str | None) -> None:
        """Raise Busy where too many commands wait already."""
        self._group_commit.require_room(lane_key)

    async def command(self, work: Work[T], lane_key: str | None) -> T:
        """Run a command as `transact` would, in a group with others of the same key (decision 22); by itself without one."""
        if lane_key is None:
            return await self.transact(work)
        return await self._group_commit.run(lane_key, work, self.origin())

    async def _transact(
        self, work: Callable[[Transaction], Awaitable[T]], origin: Origin, *, in_turn: bool = False
    ) -> T:
        """`in_turn`: after a conflict, in turn with the commands on the aggregate that was changed last."""
        waits_for: str | None = None
        backoff = Backoff(0.002, 0.25, jitter=1)
        for attempt in range(TRIES):
            async with (
                self._group_commit.turn(waits_for),
                await self.client.start_session() as session,
            ):
                session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority"))
                tx = Transaction(self, session, origin)
                began = monotonic()
                try:
                    result = await work(tx)
                    await tx.flush()
                    await commit(session)
                except BaseException as error:
                    if cast(
                        "bool", session.in_transaction
                    ):  # Motor's stub says method; it is a property
                        await _quietly(session.abort_transaction())
                    if not is_conflict(error) or (
                        is_duplicate(error) and attempt == DUPLICATE_TRIES
                    ):
                        raise
                    if monotonic() - began > LONGEST_TRANSACTION_SECONDS:  # so would the next one
                        raise TookTooLong("It took longer than a transaction may.") from error
                else:
                    self._wake(tx)
                    return result
            waits_for = tx.last_changed if in_turn else None
            await backoff.wait()
        raise Busy("Too many people are changing this at once.")

    def _wake(self, tx: Transaction) -> None:
        """Whoever waits for what was just committed goes on."""
        if tx.emitted:
            self.committed.set()
        for chore in tx.woken:
            self.wake(chore)

    def wake(self, chore: str) -> None:
        """Let a chore of this process look at once for what to do."""
        self.wakes[chore].set()


async def commit(session: AsyncIOMotorClientSession) -> None:
    for last in (False, False, False, True):
        try:
            return await session.commit_transaction()
        except PyMongoError as error:
            if last or not error.has_error_label("UnknownTransactionCommitResult"):
                raise
    return None


async def _quietly(ending: Awaitable[None]) -> None:
    with suppress(PyMongoError):  # the server ends it by itself
        await ending
