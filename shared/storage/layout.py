"""What the kernel keeps in a service's database: collections, ids, states, indexes. The CLI reads it by these names."""

from collections.abc import Mapping, Sequence

from pymongo import IndexModel

from shared.types.limits import DEDUPLICATION_DAYS

OUTBOX = "outbox"
"""Events that are committed and not yet known to be in Kafka: `{_id: event id, topic, key, seq, at, value, headers}`."""
DEDUPLICATION = "deduplication"
"""Events that had an effect beyond projections: `{_id: source#id, at}`."""
WATERMARKS = "watermarks"
"""How far each partition is applied: `{_id: topic:partition, offset}`, of the last record, -1 for none."""
PARKED = "parked"
"""Events that were set aside, held or dead: one document for each record, with its bytes."""
IDEMPOTENCY_KEYS = "idempotency_keys"
"""Commands that came with an Idempotency-Key, and what they were answered."""
LEASES = "leases"
"""What one replica does at a time."""
AUDIT = "audit"
"""What operators did to events that were set aside."""

RENAMED = {"inbox": DEDUPLICATION, "replies": IDEMPOTENCY_KEYS}
"""What collections were called before version 0.2, and are called now."""

HELD = "held"
"""Of a parked event: it is tried again by itself, or waits behind an earlier one of its key."""
DEAD = "dead"
"""Of a parked event: it is given up, until an operator replays it."""

UNREADABLE = "unreadable"
REFUSED = "refused"
FAILED = "failed"
BEHIND = "behind"
"""Why an event was parked: it cannot be read; a rule refused it for good; its handler failed; it waits for another."""

INDEXES: Mapping[str, Sequence[IndexModel]] = {
    OUTBOX: [IndexModel([("key", 1), ("seq", 1)]), IndexModel([("at", 1)])],
    DEDUPLICATION: [IndexModel([("at", 1)], expireAfterSeconds=DEDUPLICATION_DAYS * 86_400)],
    WATERMARKS: [],
    PARKED: [
        IndexModel([("topic", 1), ("partition", 1), ("state", 1), ("key", 1), ("offset", 1)]),
        IndexModel([("state", 1), ("next_at", 1)]),
    ],
    IDEMPOTENCY_KEYS: [IndexModel([("until", 1)], expireAfterSeconds=0)],
    LEASES: [],
    AUDIT: [],
}


def watermark_id(topic: str, partition: int) -> str:
    return f"{topic}:{partition}"


def parked_id(topic: str, partition: int, offset: int) -> str:
    return f"{topic}:{partition}:{offset}"
