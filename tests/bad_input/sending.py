"""What is sent: bad records on every topic with good events in between, the same for the same seed."""

import asyncio
import json
import time
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from deploy.docs import system
from shared.consuming.aiokafka_patch import LenientRecords
from shared.events.cloudevents import UNREADABLE
from tests.bad_input.batches import PACKERS, spoiled
from tests.bad_input.golden import Good, good, templates
from tests.bad_input.mutations import MUTATIONS, RARE
from tests.bad_input.raw import CODECS, RawProducer, RawRecord, batch, body

Place = tuple[str, int, int]
"""Topic, partition, offset."""
GOOD_EVERY = 5  # one good event among so many
RARE_SHARE = 0.002
COMPACTED = {
    name for name, topic in system.topics().items() if topic.settings["cleanup.policy"] == "compact"
}
"""Brokers take no record there without a key."""
BATCH_BYTES = 900_000
BATCH_RECORDS = 60


@dataclass
class Sent:
    """What stands on the topics now, and what is to become of it."""

    bad: dict[Place, tuple[str, RawRecord]] = field(default_factory=dict)
    good: dict[str, list[Good]] = field(default_factory=lambda: defaultdict(list))
    good_at: dict[Place, Good] = field(default_factory=dict)
    batches: dict[Place, str] = field(default_factory=dict)
    """Batches that brokers keep and nobody can read, by the place of their last record."""
    refused: dict[str, str] = field(default_factory=dict)

    def of(self, topic: str) -> int:
        """How many records consumers of a topic are given; a batch that cannot be read is one."""
        places = (*self.bad, *self.good_at, *self.batches)
        return sum(where == topic for where, _, _ in places)


def plan(topic: str, count: int, seed: int) -> list[tuple[str, Good | None, RawRecord]]:
    """Records in their order: the name of what was done to each, or the good event that it is."""
    rng = Random(f"{seed} {topic}")
    chosen = templates()[topic]
    usual = [name for name in MUTATIONS if name not in RARE]
    rare = sorted(RARE)
    planned: list[tuple[str, Good | None, RawRecord]] = []
    last = good(chosen[0], rng)
    for n in range(count):
        if n % GOOD_EVERY == 0:
            last = good(rng.choice(chosen), rng)
            planned.append(("", last, last.record))
        is_rare = rng.random() < RARE_SHARE or n in (count // 3, count // 2)
        name = rng.choice(rare if is_rare else usual) if n >= len(usual) else usual[n]
        base = good(rng.choice(chosen), rng)
        spoilt = MUTATIONS[name](base, rng)
        if spoilt.key is None and topic in COMPACTED:
            spoilt = RawRecord(b"", spoilt.value, spoilt.headers)
        if spoilt.key == base.key and rng.random() < 0.5:  # it may hold up nothing but itself
            spoilt = RawRecord(last.key, spoilt.value, spoilt.headers)
        planned.append((name, None, spoilt))
    return planned


async def send(kafka: str, partitions: dict[str, int], count: int, seed: int, sent: Sent) -> None:
    """Send it all, every topic beside the others."""
    async with RawProducer(kafka) as producer:
        await asyncio.gather(
            *(_fill(producer, topic, many, count, seed, sent) for topic, many in partitions.items())
        )


async def _fill(
    producer: RawProducer, topic: str, partitions: int, count: int, seed: int, sent: Sent
) -> None:
    rng = Random(f"{seed} {topic} batches")
    waiting: dict[int, list[tuple[str, Good | None, RawRecord]]] = defaultdict(list)
    sizes: dict[int, int] = defaultdict(int)
    packers = sorted(PACKERS)

    async def flush(partition: int) -> None:
        many, sizes[partition] = waiting.pop(partition, []), 0
        if not many:
            return
        name = rng.choice(packers)
        records = [record for _, _, record in many]
        packed = PACKERS[name](body(records))
        data = batch(packed, len(many), codec=CODECS[name], now_ms=_now())
        error, first = await producer.send(topic, partition, data)
        assert not error, f"{error}: {[name for name, _, _ in many]}"
        for offset, (what, event, record) in enumerate(many, first):
            place = topic, partition, offset
            if event:
                sent.good[topic].append(event)
                sent.good_at[place] = event
            else:
                sent.bad[place] = what, record

    spoilt = list(spoiled(_now()))
    planned = plan(topic, count, seed)
    apart = max(1, len(planned) // len(spoilt))
    for n, one in enumerate(planned):
        record = one[2]
        partition = zlib.crc32(record.key or rng.randbytes(4)) % partitions
        size = _size(record)
        if sizes[partition] + size > BATCH_BYTES or len(waiting[partition]) >= BATCH_RECORDS:
            await flush(partition)
        waiting[partition].append(one)
        sizes[partition] += size
        if n % apart == 0 and spoilt:
            await _spoil(producer, topic, rng.randrange(partitions), *spoilt.pop(), sent)
    for name, data in spoilt:
        await _spoil(producer, topic, rng.randrange(partitions), name, data, sent)
    for partition in [*waiting]:
        await flush(partition)


async def _spoil(
    producer: RawProducer, topic: str, partition: int, name: str, data: bytes, sent: Sent
) -> None:
    error, first = await producer.send(topic, partition, data)
    if error:
        sent.refused[name] = error
        return
    for one in LenientRecords(data).next_batch():  # some are read all the same
        place = topic, partition, first + one.offset
        if dict(one.headers).get(UNREADABLE):
            sent.batches[place] = name
        else:
            sent.bad[place] = f"batch: {name}", RawRecord(one.key, one.value)


def _size(record: RawRecord) -> int:
    headers = sum(len(name) + len(text or b"") + 4 for name, text in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers + 30


def _now() -> int:
    return int(time.time() * 1000)


def told(sent: Sent) -> Sequence[str]:
    """The names of all that was done."""
    return sorted({name for name, _ in sent.bad.values()} | {*sent.batches.values()})


def shown(record: RawRecord) -> str:
    """A record in a few words, for a failure."""
    return json.dumps([repr(part)[:300] for part in (record.key, record.value, record.headers)])
