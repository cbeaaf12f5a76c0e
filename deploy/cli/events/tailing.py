"""Reading topics: the last of them, from a time, from the beginning, and whatever comes."""

import heapq
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import TopicPartition

from deploy.cli import reach
from deploy.cli.events.readable import Readable, readable
from deploy.cli.terminal import Wrong, line, say, tell

Offsets = dict[TopicPartition, int]
WIDER = 4  # times as far back, where too few of what is wanted were found


@dataclass(frozen=True)
class Tail:
    topics: list[str]
    last: int
    from_beginning: bool
    since: datetime | None
    follow: bool
    type: str | None
    key: str | None

    def wants(self, one: Readable) -> bool:
        if self.key is not None and one.key != self.key:
            return False
        return self.type is None or self.type.lower() in (one.type or "").lower()


async def tail_topics(wanted: Tail, *, as_json: bool) -> None:
    """Print what is there, then what comes if it is to be followed."""
    where = reach.settings()
    async with reach.admin(where) as admin:
        parts = _chosen(wanted, await reach.topics(admin))
    async with reach.consumer(where) as consumer:
        consumer.assign(parts)
        ends: Offsets = await consumer.end_offsets(parts)
        async for one in _there(consumer, parts, ends, wanted):
            line(one.as_json()) if as_json else say(one.as_line())
        if wanted.follow:
            tell("Following; Ctrl-C ends it.")
            async for one in _coming(consumer, ends, wanted):
                line(one.as_json()) if as_json else say(one.as_line())


def _chosen(wanted: Tail, there: dict[str, int]) -> list[TopicPartition]:
    if unknown := [topic for topic in wanted.topics if topic not in there]:
        raise Wrong(f"There is no topic {', '.join(unknown)}; there are: {', '.join(there)}.")
    # Dead letters are copies of what stands elsewhere: shown where they are asked for.
    topics = wanted.topics or [topic for topic in there if not topic.endswith(".dead")]
    return [TopicPartition(topic, n) for topic in topics for n in range(there[topic])]


async def _there(
    consumer: Any, parts: list[TopicPartition], ends: Offsets, wanted: Tail
) -> AsyncIterator[Readable]:
    if not (wanted.from_beginning or wanted.since):
        for one in await _last(consumer, parts, ends, wanted) if wanted.last else []:
            yield one
        return
    starts = await _from(consumer, parts, ends, wanted.since)
    async for one in _between(consumer, starts, ends):
        if wanted.wants(one):
            yield one


async def _coming(consumer: Any, ends: Offsets, wanted: Tail) -> AsyncIterator[Readable]:
    _go(consumer, ends)
    while True:
        for one in await _some(consumer):
            if wanted.wants(one):
                yield one


async def _from(
    consumer: Any, parts: list[TopicPartition], ends: Offsets, since: datetime | None
) -> Offsets:
    if since is None:
        return await consumer.beginning_offsets(parts)
    found = await consumer.offsets_for_times(dict.fromkeys(parts, int(since.timestamp() * 1000)))
    return {tp: found[tp].offset if found.get(tp) else ends[tp] for tp in parts}


async def _last(
    consumer: Any, parts: list[TopicPartition], ends: Offsets, wanted: Tail
) -> list[Readable]:
    """The newest over all partitions, the oldest first; looks further back until there are enough."""
    first: Offsets = await consumer.beginning_offsets(parts)
    back = wanted.last
    while True:
        starts = {tp: max(first[tp], ends[tp] - back) for tp in parts}
        heap: list[tuple[datetime, int, Readable]] = []
        count = 0
        async for one in _between(consumer, starts, ends):
            if wanted.wants(one):
                count += 1
                heapq.heappush(heap, (one.at, count, one))
                if len(heap) > wanted.last:
                    heapq.heappop(heap)
        if count >= wanted.last or starts == {tp: first[tp] for tp in parts}:
            return [one for *_, one in sorted(heap, key=lambda entry: entry[:2])]
        back *= WIDER


async def _between(consumer: Any, starts: Offsets, ends: Offsets) -> AsyncIterator[Readable]:
    """Every record from `starts` to before `ends`, as it comes."""
    open_ = {tp for tp, start in starts.items() if start < ends[tp]}
    _go(consumer, {tp: start if tp in open_ else ends[tp] for tp, start in starts.items()})
    while open_:
        for one in await _some(consumer):
            tp = TopicPartition(one.topic, one.partition)
            if one.offset < ends[tp]:
                yield one
        open_ = {tp for tp in open_ if await consumer.position(tp) < ends[tp]}


def _go(consumer: Any, offsets: Offsets) -> None:
    for tp, offset in offsets.items():
        consumer.seek(tp, offset)


async def _some(consumer: Any) -> list[Readable]:
    found = await consumer.getmany(timeout_ms=250, max_records=500)
    return [readable(record) for records in found.values() for record in records]
