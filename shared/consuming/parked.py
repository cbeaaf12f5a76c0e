"""Isolate, retry, park with the reason, replay. What is set aside lives in MongoDB, key by key in order."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from bson.binary import Binary
from pymongo import InsertOne

from shared.consuming.record import Record
from shared.events.cloudevents import MOST_HEADERS, Unreadable
from shared.events.event import Document, Headers, new_id
from shared.observability.logs import log
from shared.storage.database import Database
from shared.storage.unit_of_work import Filter, Transaction
from shared.types.clock import now

WAITS = [timedelta(seconds=s) for s in (10, 30, 120, 600, 3600)]
"""How long after each failure a parked event is tried again; then it is dead."""
LARGEST = 900_000  # bytes of a dead letter's copy on Kafka; MongoDB holds the whole
OVERHEAD = 10  # bytes that a header has beside its name and text, at most


def held_queues(
    topic: str, partition: int, keys: set[str]
) -> Callable[[Transaction], Awaitable[set[str]]]:
    """Which of these keys have an event waiting: later ones must queue behind it."""
    where: Filter = {
        "topic": topic,
        "partition": partition,
        "state": "held",
        "key": {"$in": [*keys]},
    }

    async def read(tx: Transaction) -> set[str]:
        return set(await tx.distinct("parked", "key", where))

    return read


def queue_behind(tx: Transaction, one: Record) -> None:
    """Park an event because an earlier one of its key is parked."""
    reason = "waits behind an earlier event of its key"
    tx.write("parked", InsertOne(_parked(one, "held", reason, now())))


def park(tx: Transaction, one: Record, group: str) -> str:
    """Set an event aside with the reason. Returns its state: held (it will be tried again) or dead."""
    final = one.for_good or isinstance(one.envelope, Unreadable)
    reason = one.envelope.reason if isinstance(one.envelope, Unreadable) else one.trouble or ""
    state = "dead" if final else "held"
    document = _parked(one, state, reason, now() + WAITS[0])
    tx.write("parked", InsertOne(document))
    if final:
        _publish(tx, document, group)
    return state


async def any_due(database: Database) -> bool:
    """Whether any event may be tried again, whosever partition it is of."""
    where = {"state": "held", "next_at": {"$lte": now()}}
    return await database["parked"].find_one(where, {"_id": 1}) is not None


async def due(database: Database, topic: str, partition: int) -> list[str]:
    """Keys of a partition whose first event may be tried again; those behind it wait for it."""
    # Not `distinct`: its answer may have 16 MB, and then none of many keys would be tried again.
    found = database["parked"].aggregate(
        [
            {"$match": {"topic": topic, "partition": partition, "state": "held"}},
            {"$sort": {"key": 1, "offset": 1}},
            {"$group": {"_id": "$key", "next_at": {"$first": "$next_at"}}},
            {"$match": {"next_at": {"$lte": now()}}},
        ]
    )
    return [one["_id"] for one in await found.to_list(None)]


async def head(database: Database, topic: str, partition: int, key: str) -> Document | None:
    """The first parked event of a key, if it is due."""
    where = {"topic": topic, "partition": partition, "state": "held", "key": key}
    first = await database["parked"].find_one(where, sort=[("offset", 1)])
    return first if first and first["next_at"] <= now() else None


def taking(parked: Document) -> Callable[[Transaction], Awaitable[None]]:
    """Remove a parked event in the transaction that handles it, unless another was faster."""

    async def claim(tx: Transaction) -> None:
        removed = await tx.remove("parked", {"_id": parked["_id"], "attempts": parked["attempts"]})
        if not removed:
            raise Taken(parked["_id"])

    return claim


class Taken(Exception):
    """Another replica is working on this parked event."""


async def failed_again(database: Database, parked: Document, one: Record, group: str) -> None:
    """Count an attempt; after the last, or when a rule refuses, the event is dead and its key goes on."""
    attempts = parked["attempts"] + 1
    dead = one.for_good or attempts > len(WAITS)
    after: Document = {
        **parked,
        "state": "dead" if dead else "held",
        "attempts": attempts,
        "reason": one.trouble,
        "fingerprint": fingerprint(one.trouble or ""),
        "next_at": now() + WAITS[min(attempts, len(WAITS)) - 1],
    }

    async def work(tx: Transaction) -> None:
        where = {"_id": parked["_id"], "attempts": parked["attempts"]}
        if await tx.claim("parked", where, {"$set": after}) and dead:
            _publish(tx, after, group)

    await database.transact(work)


async def replay(database: Database, where: Filter, *, dry_run: bool = True, by: str = "") -> int:
    """Send dead events through the normal pipeline again; idempotent. Returns how many are meant."""
    meant = {**where, "state": "dead"}
    if dry_run:
        return await database["parked"].count_documents(meant)
    change = {"$set": {"state": "held", "attempts": 0, "next_at": now()}}
    replayed = (await database["parked"].update_many(meant, change)).modified_count
    await _note(database, "replay", where, replayed, by)
    return replayed


async def drop(database: Database, where: Filter, *, dry_run: bool = True, by: str = "") -> int:
    """Forget dead events for good; their copies stay on `<topic>.dead`. Returns how many are meant."""
    meant = {**where, "state": "dead"}
    if dry_run:
        return await database["parked"].count_documents(meant)
    dropped = (await database["parked"].delete_many(meant)).deleted_count
    await _note(database, "drop", where, dropped, by)
    return dropped


async def retry_now(
    database: Database, where: Filter, *, dry_run: bool = True, by: str = ""
) -> int:
    """Try held events again now instead of when they are due. Returns how many are meant."""
    meant = {**where, "state": "held"}
    if dry_run:
        return await database["parked"].count_documents(meant)
    retried = (
        await database["parked"].update_many(meant, {"$set": {"next_at": now()}})
    ).matched_count
    await _note(database, "retry", where, retried, by)
    return retried


async def _note(database: Database, did: str, where: Filter, events: int, by: str) -> None:
    """What was done by hand stays known: a line of the log, and a document of `audit`."""
    if not events:
        return
    done = {"by": by, "did": did, "where": repr(where), "events": events}
    await database["audit"].insert_one({"_id": new_id(), "at": now(), **done})
    log.info("dead letters", **done)


def _parked(one: Record, state: str, reason: str, next_at: Any) -> Document:
    return {
        "_id": f"{one.topic}:{one.partition}:{one.offset}",
        "topic": one.topic,
        "partition": one.partition,
        "offset": one.offset,
        "key": one.queue,
        "raw_key": one.key,
        "value": one.value,
        "headers": one.headers[:MOST_HEADERS],
        "state": state,
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
    if size > LARGEST // 2:
        headers, errors["x-error-headers-left-out"] = [], str(size)
    if value and len(value) > LARGEST // 2:
        value, errors["x-error-truncated"] = value[: LARGEST // 2], str(len(value))
    tx.write(
        "outbox",
        InsertOne(
            {
                "_id": new_id(),
                "topic": parked["topic"] + ".dead",
                "key": parked["key"],
                "seq": parked["offset"],
                "at": now(),
                "value": Binary(value) if value else None,
                "headers": [*headers, *((k, v.encode()) for k, v in errors.items())],
            }
        ),
    )
    tx.emitted += 1
