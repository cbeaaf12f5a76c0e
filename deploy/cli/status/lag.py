"""How far a service is behind: what of Kafka its watermarks in MongoDB have not passed.

A watermark stands still before records that the service has no use for, and before gaps that compaction left; so the
distance alone says too much. The records beyond it are looked at until one is found that waits to be applied.
"""

import asyncio
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka import TopicPartition

from deploy.cli import reach
from deploy.cli.events.readable import Readable, readable
from shared.runtime.settings import Settings

LOOKED_AT = 2_000  # records of a partition that were committed and may still have to be applied
FETCH = 64 * 1024  # bytes; a larger record comes all the same

Offsets = Mapping[TopicPartition, int]


@dataclass
class Lag:
    records: int = 0
    seconds: float | None = None
    odd: list[str] = field(default_factory=list[str])


@dataclass
class Span:
    """What may wait on a partition."""

    start: int  # the first offset beyond the watermark
    passed: int  # up to here the group has committed: only what it handles can wait
    end: int
    looked_at: int = 0


async def lag_of(
    where: Settings, service: str, watermarks: Offsets, committed: Offsets, topics: dict[str, int]
) -> Lag:
    """Records behind and the age of the oldest, over all partitions the service has ever taken."""
    lag = Lag()
    parts = [tp for tp in watermarks if tp.partition < topics.get(tp.topic, 0)]
    gone = sorted({tp.topic for tp in watermarks if tp not in parts})
    lag.odd += [f"the topic {topic} is not there any more" for topic in gone]
    if not parts:
        return lag
    async with reach.consumer(where, max_partition_fetch_bytes=FETCH) as consumer:
        ends: Offsets = await consumer.end_offsets(parts)
        spans: dict[TopicPartition, Span] = {}
        handled = None
        for tp in parts:
            if ends[tp] <= watermarks[tp]:
                lag.odd.append(f"{tp.topic}:{tp.partition} is shorter than what was applied of it")
            elif ends[tp] > watermarks[tp] + 1:
                spans[tp] = Span(watermarks[tp] + 1, committed.get(tp, 0), ends[tp])
        if any(span.passed > span.start for span in spans.values()):
            handled = types_of(service)
        oldest = await _first_waiting(consumer, spans, handled)
    for tp, (offset, at) in oldest.items():
        lag.records += spans[tp].end - offset
        age = max(0.0, (datetime.now(UTC) - at).total_seconds())
        lag.seconds = max(age, lag.seconds or 0.0)
    return lag


def types_of(service: str) -> set[str] | None:
    """The event types a service handles, where its code is here; "*" is every type."""
    try:
        return {*importlib.import_module(f"services.{service}.app").service.on.models}
    except (ImportError, AttributeError):
        return None


def waits(one: Readable, span: Span, handled: set[str] | None) -> bool:
    """Whether a record beyond the watermark is one that should have been applied."""
    if one.offset >= span.passed:
        return True
    return handled is not None and ("*" in handled or one.type in handled)


async def _first_waiting(
    consumer: Any, spans: dict[TopicPartition, Span], handled: set[str] | None
) -> dict[TopicPartition, tuple[int, datetime]]:
    """Offset and time of the first record that waits on each partition, where there is one."""
    if not spans:
        return {}
    found: dict[TopicPartition, tuple[int, datetime]] = {}
    open_ = set(spans)
    consumer.assign([*spans])
    for tp, span in spans.items():
        consumer.seek(tp, span.start if handled else max(span.start, span.passed))
    while open_:
        batches: dict[TopicPartition, list[Any]] = await consumer.getmany(timeout_ms=250)
        for tp in [*open_]:
            span = spans[tp]
            for record in batches.get(tp, ()):
                one = readable(record)
                span.looked_at += 1
                if tp not in found and waits(one, span, handled):
                    found[tp] = one.offset, one.at
            if tp in found or await consumer.position(tp) >= span.end:
                open_.discard(tp)
                consumer.pause(tp)
            elif span.looked_at > LOOKED_AT and await consumer.position(tp) < span.passed:
                consumer.seek(tp, span.passed)
        await asyncio.sleep(0)
    return found
