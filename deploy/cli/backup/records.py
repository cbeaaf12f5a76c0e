"""Kafka's share of a backup: every record of every topic, up to the ends at one moment."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

import bson
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.cli import reach
from deploy.cli.backup.manifest import (
    Manifest,
    Partition,
    Topic,
    Writing,
    decoded,
    partition_file,
    reading,
)
from deploy.cli.backup.positions import Places
from deploy.cli.terminal import Wrong, tell
from deploy.topics.apply import carry_out, compare, look
from deploy.topics.declared import Topic as Declared
from deploy.topics.declared import declared
from shared.events.event import Document
from shared.runtime.settings import Settings

Offsets = Mapping[TopicPartition, int]
Parts = Mapping[TopicPartition, Partition]
LARGEST = 4 * 1024 * 1024  # bytes of a record; no topic takes as much
STALLED_SECONDS = 60
TO_THE_END: dict[str, Any] = {"isolation_level": "read_uncommitted"}
"""An end is that of the log: behind another system's open transaction events of ours may stand."""
AT_ONCE = 500  # records on their way to Kafka


async def ends(where: Settings) -> Offsets:
    """Where every partition of every topic ends now."""
    async with reach.admin(where) as admin:
        topics = await reach.topics(admin)
    parts = [TopicPartition(topic, n) for topic, count in topics.items() for n in range(count)]
    async with reach.consumer(where, **TO_THE_END) as consumer:
        return await consumer.end_offsets(parts) if parts else {}


async def dump(where: Settings, until: Offsets, folder: Path, manifest: Manifest) -> None:
    """Every record before these ends, a file a partition."""
    async with reach.admin(where) as admin:
        counts = {tp.topic: 0 for tp in until}
        for tp in until:
            counts[tp.topic] += 1
        found = await look(admin, [Declared(name, count, 1, {}) for name, count in counts.items()])
    for name, count in sorted(counts.items()):
        parts = {TopicPartition(name, n): until[TopicPartition(name, n)] for n in range(count)}
        contents = await _dump(where, parts, folder)
        manifest.topics[name] = Topic(settings=found[name].settings, partitions=contents)
        tell(f"Kafka: {name}, {sum(one.count for one in contents)} records")


async def _dump(where: Settings, parts: Offsets, folder: Path) -> list[Partition]:
    firsts = await begins(where, parts)
    contents = {tp: Partition(first=firsts[tp], end=end) for tp, end in parts.items()}
    files = {
        tp: Writing(partition_file(folder, tp.topic, tp.partition), contents[tp]) for tp in parts
    }
    try:
        async for tp, record in between(where, firsts, parts):
            files[tp].add(bson.encode(_document(record)))
    finally:
        for file in files.values():
            file.close()
    return [*contents.values()]


async def begins(where: Settings, parts: Iterable[TopicPartition]) -> Offsets:
    async with reach.consumer(where) as consumer:
        return await consumer.beginning_offsets([*parts])


async def between(
    where: Settings, starts: Offsets, stops: Offsets
) -> AsyncIterator[tuple[TopicPartition, Any]]:
    """Every record of these partitions from its start to before its stop."""
    open_ = {tp for tp in stops if starts[tp] < stops[tp]}
    if not open_:
        return
    async with reach.consumer(where, max_partition_fetch_bytes=LARGEST // 4) as consumer:
        consumer.assign([*open_])  # once: aiokafka's consumer may not end after a second time
        for tp in open_:
            consumer.seek(tp, starts[tp])
        moved = time.monotonic()
        while open_:
            batches: dict[TopicPartition, list[Any]] = await consumer.getmany(
                *open_, timeout_ms=500, max_records=2_000
            )
            for tp, batch in batches.items():
                for record in batch:
                    if record.offset < stops[tp]:
                        yield tp, record
            still = {tp for tp in open_ if await consumer.position(tp) < stops[tp]}
            consumer.pause(*(open_ - still))
            if batches or still != open_:
                moved = time.monotonic()
            elif time.monotonic() - moved > STALLED_SECONDS:
                raise Wrong(f"Kafka gave no record of {open_} for {STALLED_SECONDS} s.")
            open_ = still


def _document(record: Any) -> Document:
    return {
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": record.key,
        "value": record.value,
        "headers": [[name, content] for name, content in record.headers],
    }


async def declare(admin: AIOKafkaAdminClient, manifest: Manifest) -> None:
    """Topics as they are declared, and those that others had made as they were; raises on other partitions."""
    known = {topic.name: topic for topic in declared(1)}
    wanted = [
        known.get(name, Declared(name, len(one.partitions), 1, one.settings))
        for name, one in manifest.topics.items()
    ]
    await carry_out(admin, compare(wanted, await look(admin, wanted)), wait=30)
    there = await reach.topics(admin)
    for name, one in manifest.topics.items():
        if there[name] != len(one.partitions):
            raise Wrong(
                f"{name} has {there[name]} partitions here and {len(one.partitions)} in the backup: keys would move."
                " Give deploy/topics.yaml the backup's number."
            )


async def fill(where: Settings, folder: Path, manifest: Manifest) -> dict[TopicPartition, Places]:
    """Send every record to its partition, in order, with its own time. Returns where each one went."""
    places: dict[TopicPartition, Places] = {}
    async with reach.producer(where, max_request_size=LARGEST, linger_ms=5) as producer:
        for name, topic in manifest.topics.items():
            for number, part in enumerate(topic.partitions):
                tp = TopicPartition(name, number)
                places[tp] = Places(part.first, part.end)
                sent: list[Any] = []
                for raw in reading(partition_file(folder, name, number)):
                    one = decoded(raw)
                    places[tp].add(one["offset"])
                    sent.append(await _send(producer, tp, one))
                    if len(sent) == AT_ONCE:
                        await asyncio.gather(*sent)
                        sent.clear()
                await asyncio.gather(*sent)
            count = sum(part.count for part in topic.partitions)
            tell(f"Kafka: {name}, {count} records")
    return places


async def _send(producer: Any, tp: TopicPartition, one: Document) -> Any:
    return await producer.send(
        tp.topic,
        one["value"],
        key=one["key"],
        partition=tp.partition,
        timestamp_ms=max(0, one["timestamp"]),
        headers=[(name, content) for name, content in one["headers"]],
    )


async def verify(where: Settings, folder: Path, manifest: Manifest) -> int:
    """Read everything back beside the files. Returns how many records Kafka has already let go.

    A topic that keeps the latest of each key, or keeps for some time, may do that at any moment.
    """
    gone = 0
    for name, topic in manifest.topics.items():
        parts = {TopicPartition(name, n): part for n, part in enumerate(topic.partitions)}
        await _ends_where_expected(where, parts)
        missing = await _missing(where, folder, parts)
        forgets = topic.settings.get("retention.ms", "-1") != "-1" or "compact" in (
            topic.settings.get("cleanup.policy", "")
        )
        if missing and not forgets:
            raise Wrong(f"{name} lacks {missing} records.")
        gone += missing
    return gone


async def _ends_where_expected(where: Settings, parts: Parts) -> None:
    async with reach.consumer(where, **TO_THE_END) as consumer:
        ends: Offsets = await consumer.end_offsets([*parts])
    for tp, part in parts.items():
        if ends[tp] != part.count:
            raise Wrong(
                f"{tp.topic}:{tp.partition} ends at {ends[tp]}, not at {part.count}: who else writes?"
            )


async def _missing(where: Settings, folder: Path, parts: Parts) -> int:
    """How many records of a topic are not there; raises where one is another than in its file."""
    kept = {tp: enumerate(reading(partition_file(folder, tp.topic, tp.partition))) for tp in parts}
    found = 0
    stops = {tp: part.count for tp, part in parts.items()}
    async for tp, record in between(where, await begins(where, parts), stops):
        there = {**_document(record), "offset": None}
        for place, raw in kept[tp]:
            if place == record.offset:
                if {**decoded(raw), "offset": None} != there:
                    raise Wrong(f"{tp.topic}:{tp.partition}:{place} is not what was written.")
                found += 1
                break
    return sum(stops.values()) - found
