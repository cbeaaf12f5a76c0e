"""What cannot be applied is parked with the reason, in MongoDB, and tried again key by key, in order, until it is dead."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bson.binary import Binary

from shared.consuming.record import Record
from shared.events.cloudevents import Unreadable
from shared.events.event import Document, Headers, new_id
from shared.observability import metrics
from shared.storage.database import Database
from shared.storage.layout import BEHIND, DEAD, FAILED, HELD, PARKED, REFUSED, UNREADABLE, parked_id
from shared.storage.unit_of_work import Filter, Transaction
from shared.types.clock import now
from shared.types.limits import EVENT_BYTES, HEADERS

WAITS = [timedelta(seconds=s) for s in (10, 30, 120, 600, 3600)]
"""How long after each failure a parked event is tried again; then it is dead."""
OVERHEAD = 10  # bytes that a header has beside its name and text, at most


def held_queues(
    topic: str, partition: int, keys: set[str]
) -> Callable[[Transaction], Awaitable[set[str]]]:
    """Which of these keys have an event waiting: later ones must queue behind it."""
    where: Filter = {
        "topic": topic,
        "partition": partition,
        "state": HELD,
        "key": {"$in": [*keys]},
    }

    async def read(tx: Transaction) -> set[str]:
        return set(await tx.distinct(PARKED, "key", where))

    return read


def queue_behind(tx: Transaction, record: Record) -> None:
    """Park an event because an earlier one of its key is parked."""
    reason = "waits behind an earlier event of its key"
    tx.insert_later(PARKED, _document(record, HELD, BEHIND, reason, now()))


def park(tx: Transaction, record: Record, group: str) -> str:
    """Set an event aside with the reason. Returns its state: held (it will be tried again) or dead."""
    final = record.is_permanent or isinstance(record.envelope, Unreadable)
    if isinstance(record.envelope, Unreadable):
        code, reason = UNREADABLE, record.envelope.reason
    else:
        code, reason = REFUSED if record.is_permanent else FAILED, record.failure_reason or ""
    state = DEAD if final else HELD
    document = _document(record, state, code, reason, now() + WAITS[0])
    tx.insert_later(PARKED, document)
    if final:
        _publish(tx, document, group)
    return state


async def measure(database: Database) -> None:
    """Feed the metric of events set aside."""
    for state in (HELD, DEAD):
        metrics.PARKED.labels(state).set(await database[PARKED].count_documents({"state": state}))


async def any_due(database: Database) -> bool:
    """Whether any event may be tried again, whosever partition it is of."""
    where = {"state": HELD, "next_at": {"$lte": now()}}
    return await database[PARKED].find_one(where, {"_id": 1}) is not None


async def due(database: Database, topic: str, partition: int) -> list[str]:
    """Keys of a partition whose first event may be tried again; those behind it wait for it."""
    # Not `distinct`: its answer may have 16 MB, and then none of many keys would be tried again.
    heads = database[PARKED].aggregate(
        [
            {"$match": {"topic": topic, "partition": partition, "state": HELD}},
            {"$sort": {"key": 1, "offset": 1}},
            {"$group": {"_id": "$key", "next_at": {"$first": "$next_at"}}},
            {"$match": {"next_at": {"$lte": now()}}},
        ]
    )
    return [head["_id"] for head in await heads.to_list(None)]


async def head(database: Database, topic: str, partition: int, key: str) -> Document | None:
    """The first parked event of a key, if it is due."""
    where = {"topic": topic, "partition": partition, "state": HELD, "key": key}
    first = await database[PARKED].find_one(where, sort=[("offset", 1)])
    return first if first and first["next_at"] <= now() else None


def taking(parked: Document) -> Callable[[Transaction, int, int | None], Awaitable[None]]:
    """Remove a parked event in the transaction that handles it, unless another was faster."""

    async def claim(tx: Transaction, *_: int | None) -> None:
        removed = await tx.remove(PARKED, {"_id": parked["_id"], "attempts": parked["attempts"]})
        if not removed:
            raise Taken(parked["_id"])

    return claim


def record_of(parked: Document) -> Record:
    """The record as it came; what it holds is yet to be read."""
    place = (parked["topic"], parked["partition"], parked["offset"], parked["raw_key"])
    headers = [(name, bytes(text)) for name, text in parked["headers"]]
    return Record(*place, parked["value"], headers, envelope=None)


class Taken(Exception):
    """Another replica is working on this parked event."""


async def failed_again(database: Database, parked: Document, record: Record, group: str) -> None:
    """Count an attempt; after the last, or when a rule refuses, the event is dead and its key goes on."""
    attempts = parked["attempts"] + 1
    dead = record.is_permanent or attempts > len(WAITS)
    after: Document = {
        **parked,
        "state": DEAD if dead else HELD,
        "code": REFUSED if record.is_permanent else FAILED,
        "attempts": attempts,
        "reason": record.failure_reason,
        "fingerprint": fingerprint(record.failure_reason or ""),
        "next_at": now() + WAITS[min(attempts, len(WAITS)) - 1],
    }

    async def work(tx: Transaction) -> None:
        where = {"_id": parked["_id"], "attempts": parked["attempts"]}
        if await tx.claim(PARKED, where, {"$set": after}) and dead:
            _publish(tx, after, group)

    await database.transact(work)


def _document(record: Record, state: str, code: str, reason: str, next_at: datetime) -> Document:
    return {
        "_id": parked_id(record.topic, record.partition, record.offset),
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.queue,
        "raw_key": record.key,
        "value": record.value,
        "headers": record.headers[:HEADERS],
        "state": state,
        "code": code,
        "reason": reason,
        "fingerprint": fingerprint(reason),
        "attempts": 0,
        "parked_at": now(),
        "next_at": next_at,
    }


def fingerprint(reason: str) -> str:
    """The same for the same kind of failure: numbers and ids do not count."""
    words = "".join(" " if c.isdigit() else c for c in reason)
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _publish(tx: Transaction, parked: Document, group: str) -> None:
    value: bytes | None = parked["value"]
    headers: Headers = parked["headers"]
    errors = {
        "x-error-reason": parked["reason"],
        "x-error-service": group,
        "x-error-fingerprint": parked["fingerprint"],
        "x-error-attempts": str(parked["attempts"]),
        "x-error-position": parked["_id"],
    }
    size = sum(len(name) + len(text) + OVERHEAD for name, text in headers)
    if size > EVENT_BYTES // 2:
        headers, errors["x-error-headers-left-out"] = [], str(size)
    if value and len(value) > EVENT_BYTES // 2:
        value, errors["x-error-truncated"] = value[: EVENT_BYTES // 2], str(len(value))
    tx.add_to_outbox(
        {
            "_id": new_id(),
            "topic": parked["topic"] + ".dead",
            "key": parked["key"],
            "seq": parked["offset"],
            "at": now(),
            "value": Binary(value) if value else None,
            "headers": [*headers, *((k, v.encode()) for k, v in errors.items())],
        }
    )
