"""A batch that was read ahead is not applied once its place is not the next any more."""

import asyncio
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from pymongo.errors import ConnectionFailure

from shared.consuming import partition
from shared.consuming.applying import Applied, Applier, Failed
from shared.consuming.consumer import MAX_CONCURRENT_BATCHES, Consumer
from shared.consuming.handlers import Handlers
from shared.consuming.partition import Partition
from shared.consuming.record import Record
from shared.storage.database import Database

ONE, OTHER = TopicPartition("t", 0), TopicPartition("t", 1)


class Client:
    """Kafka, as a member sees it: where it would read next."""

    def __init__(self) -> None:
        self.positions = {ONE: 0, OTHER: 0}
        self.stable = 1_000  # up to here no transaction is open
        self.end = 1_000
        self.paused: set[TopicPartition] = set()

    async def end_offsets(self, asked: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(asked, self.stable)

    async def position(self, tp: TopicPartition) -> int:
        return self.positions[tp]

    def assignment(self) -> set[TopicPartition]:
        return {*self.positions}

    def highwater(self, tp: TopicPartition) -> int:
        return self.end

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.positions[tp] = offset

    async def commit(self, _: object) -> None:
        pass

    def pause(self, tp: TopicPartition) -> None:
        self.paused.add(tp)

    def resume(self, tp: TopicPartition) -> None:
        self.paused.discard(tp)


class Member:
    """A consumer whose state is a watermark, and the offsets that were applied."""

    consumer: Consumer

    def __init__(self, watermark: int) -> None:
        self.watermarks = {ONE: watermark, OTHER: watermark}
        self.applied: list[int] = []
        self.away = False  # MongoDB, for the one partition
        self.broken: set[TopicPartition] = set()
        self.open = {ONE: asyncio.Event(), OTHER: asyncio.Event()}

    async def watermark(self, _: Database, tp: TopicPartition) -> int:
        if self.away and tp == ONE:
            raise ConnectionFailure
        return self.watermarks[tp]

    async def apply(self, partition: Partition, records: Sequence[Record]) -> Applied:
        tp = partition.tp
        await self.open[tp].wait()
        assert partition.position is not None
        if tp in self.broken:
            raise Failed(records[0].offset, KeyError("a bug"))
        new = [record.offset for record in records if record.offset > partition.position]
        if new:
            self.watermarks[tp] = partition.position = new[-1]
        self.applied += new if tp == ONE else []
        return Applied(len(records), len(new))

    @property
    def under_way(self) -> int:
        """How many batches are being applied."""
        partitions = self.consumer.partitions.values()
        return len({partition.task for partition in partitions if not partition.is_at_rest})

    def take(self, **batch: range) -> asyncio.Task[None]:
        """Kafka hands over these records: a=…: of the one partition, b=…: of the other, and so on."""
        records = [
            SimpleNamespace(
                topic="t", partition=n, offset=at, key=None, value=b"", headers=[], timestamp=0
            )
            for n, name in enumerate("abcd")
            for at in batch.get(name, ())
        ]
        message: Any = SimpleNamespace(raw_message=tuple(records))
        return asyncio.create_task(self.consumer.take(message))


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Client:
    client = Client()
    monkeypatch.setattr(Consumer, "client", client)
    return client


@pytest.fixture
def a_member(kafka: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Member]:
    def made(watermark: int) -> Member:
        member = Member(watermark)

        async def apply(_: Applier, partition: Partition, records: Sequence[Record]) -> Applied:
            return await member.apply(partition, records)

        monkeypatch.setattr(Applier, "apply", apply)
        monkeypatch.setattr(partition, "watermark", member.watermark)
        member.consumer = Consumer(
            KafkaBroker(),
            Handlers("g", ["t"]),
            Database("mongodb://127.0.0.1:1/", "n"),
            max_records=100,
            max_failure_share=1,
        )
        return member

    return made


async def _settled(member: Member) -> None:
    async with asyncio.timeout(1):
        while member.under_way:
            await asyncio.sleep(0.005)


async def test_what_was_read_before_going_back_is_not_applied_though_the_place_is_known_by_then(
    kafka: Client, a_member: Callable[[int], Member]
) -> None:
    member = a_member(4)
    member.open[ONE].set()
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    kafka.positions = {ONE: 102, OTHER: 5}

    first = member.take(a=range(100, 102), b=range(5, 7))  # the other partition takes its time
    ahead = member.take(a=range(102, 104))
    await first
    await asyncio.sleep(0.02)
    assert kafka.positions[ONE] == 5, "it goes back to where the state says"
    await member.consumer.measure()
    member.open[OTHER].set()
    await ahead
    await _settled(member)
    assert member.applied == [], "5 to 101 would be lost"

    await member.take(a=range(50, 60))  # what is left of 5 to 99 after compaction
    await _settled(member)
    assert member.applied == [*range(50, 60)]


async def test_what_was_read_before_a_rebalance_is_not_applied_after_it(
    kafka: Client, a_member: Callable[[int], Member]
) -> None:
    member = a_member(-1)
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    member.open[ONE].set()
    member.away = True
    await member.take(a=range(10), b=range(10))
    ahead = member.take(a=range(10, 20))
    await asyncio.sleep(0.02)

    revoking = asyncio.create_task(member.consumer.on_partitions_revoked({ONE, OTHER}))
    await asyncio.sleep(0.2)  # the one gives up what it could not apply; the other outlasts it
    revoking.cancel()
    await asyncio.gather(revoking, return_exceptions=True)
    member.away = False
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    await member.consumer.measure()
    member.open[OTHER].set()
    await ahead
    await _settled(member)
    assert member.applied == [], "0 to 9 would be lost"

    await member.take(a=range(20))  # Kafka reads on from what was committed
    await _settled(member)
    assert member.applied == [*range(20)]


async def test_batches_are_applied_side_by_side_but_never_two_of_one_partition(
    kafka: Client, a_member: Callable[[int], Member]
) -> None:
    member = a_member(-1)
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    await member.take(b=range(10))
    await member.take(a=range(10))  # though the other one is not done
    ahead = member.take(a=range(10, 20))
    await asyncio.sleep(0.05)
    assert not ahead.done()
    member.open[ONE].set()
    await ahead
    await asyncio.sleep(0.05)
    assert member.applied == [*range(20)]
    assert member.watermarks[OTHER] == -1
    member.open[OTHER].set()
    await _settled(member)
    assert member.watermarks[OTHER] == 9


async def test_there_are_never_more_batches_under_way_than_there_is_room(
    kafka: Client, a_member: Callable[[int], Member]
) -> None:
    partitions = [TopicPartition("t", n) for n in range(4)]
    member = a_member(-1)
    member.watermarks = dict.fromkeys(partitions, -1)
    member.open = {tp: asyncio.Event() for tp in partitions}
    kafka.positions = dict.fromkeys(partitions, 0)
    await member.consumer.on_partitions_assigned({*partitions})
    taking = [member.take(**{name: range(5)}) for name in "abcd"]
    most = 0
    for tp in partitions:
        await asyncio.sleep(0.02)
        most = max(most, member.under_way)
        member.open[tp].set()
    await asyncio.gather(*taking)
    await asyncio.sleep(0.05)
    assert most == MAX_CONCURRENT_BATCHES < len(partitions)
    assert [*member.watermarks.values()] == [4] * 4


async def test_what_nobody_foresaw_passes_nothing_over(
    kafka: Client, a_member: Callable[[int], Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full makes even a log line fail; the batch in hand is read again, whole."""
    member = a_member(-1)
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    member.open[ONE].set()

    async def broken(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(member.consumer, "settle", broken)
    await member.take(a=range(10))
    await _settled(member)
    monkeypatch.delattr(member.consumer, "settle")
    await member.take(a=range(10, 20))
    await _settled(member)
    assert (member.applied, kafka.positions[ONE]) == ([], 0), "0 to 9 would be lost"
    await member.take(a=range(20))
    await _settled(member)
    assert member.applied == [*range(20)]


async def test_after_a_failed_fetch_records_are_read_from_where_they_were_handed_over(
    kafka: Client, a_member: Callable[[int], Member]
) -> None:
    member = a_member(-1)
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    member.open[ONE].set()
    await member.take(a=range(10))
    await _settled(member)
    kafka.positions = {ONE: 17, OTHER: 3}  # aiokafka had more, and lets go of it with its error

    class Fetching:
        async def getmany(self, **_: Any) -> dict[Any, list[Any]]:
            raise KafkaError

    with pytest.raises(KafkaError):
        await member.consumer.subscriber.get_msg(Fetching())
    assert kafka.positions[ONE] == 10
    await member.consumer.measure()  # of the other nothing was handed over: MongoDB knows where
    assert kafka.positions == {ONE: 10, OTHER: 0}
    assert member.applied == [*range(10)]


async def test_partitions_of_which_nothing_is_under_way_come_first(
    kafka: Client, a_member: Callable[[int], Member]
) -> None:
    member = a_member(-1)
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    asked: list[tuple[tuple[TopicPartition, ...], bool]] = []

    class Fetching:
        async def getmany(self, *partitions: TopicPartition, **how: Any) -> dict[Any, list[Any]]:
            asked.append((partitions, "timeout_ms" in how))
            return {}

    await member.consumer.subscriber.get_msg(Fetching())
    assert asked == [((), True)], "nothing is under way: it waits for whatever comes"
    await member.take(a=range(10))
    asked.clear()
    await member.consumer.subscriber.get_msg(Fetching())
    assert asked == [((OTHER,), False), ((), True)]
    member.open[ONE].set()
    await _settled(member)


async def test_a_topic_behind_an_open_transaction_was_not_made_anew(
    kafka: Client, a_member: Callable[[int], Member]
) -> None:
    """A member that read what was not committed has come further than one may read now."""
    member = a_member(700)
    kafka.stable, kafka.positions = 600, {ONE: 600, OTHER: 600}
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    await member.consumer.measure()
    assert not [why for why in member.consumer.waits_for() if "anew" in why]
    kafka.end = 600  # nor is there anything beyond
    await member.consumer.measure()
    assert [why for why in member.consumer.waits_for() if "anew" in why] == [
        "t:0 was made anew",
        "t:1 was made anew",
    ]


async def test_a_partition_that_stands_holds_up_no_other_and_is_read_again(
    kafka: Client, a_member: Callable[[int], Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment whose handler fails on everything: some is set aside, then the partition stands."""
    monkeypatch.setattr("shared.consuming.brake.MIN_FAILURES", 0)
    monkeypatch.setattr("shared.consuming.batching.TRIES", 1)
    monkeypatch.setattr("shared.consuming.consumer.MAX_CONCURRENT_BATCHES", 1)
    member = a_member(-1)
    member.consumer = Consumer(
        KafkaBroker(),
        Handlers("g", ["t"]),
        Database("mongodb://127.0.0.1:1/", "n"),
        max_records=100,
        max_failure_share=0.5,
    )
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    for opened in member.open.values():
        opened.set()
    member.broken = {ONE}
    await member.take(a=range(3))
    await member.take(a=range(3, 6), b=range(4))  # what was read ahead, and another partition
    await _settled(member)
    assert kafka.paused == {ONE}
    assert (kafka.positions[ONE], member.applied) == (0, []), "it is read again"
    assert member.watermarks[OTHER] == 3, "the other one goes on"
    assert [why for why in member.consumer.waits_for() if "failed unforeseen" in why]

    member.broken = set()
    moment = time.monotonic() + 100
    monkeypatch.setattr(partition, "time", SimpleNamespace(monotonic=lambda: moment))
    await member.consumer.measure()
    assert kafka.paused == set()
    await member.take(a=range(6))
    await _settled(member)
    assert member.applied == [*range(6)]
    assert not [why for why in member.consumer.waits_for() if "failed unforeseen" in why]


async def test_a_partition_that_stood_and_was_given_away_is_nobodys_trouble_here(
    kafka: Client, a_member: Callable[[int], Member]
) -> None:
    member = a_member(-1)
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    member.consumer.partitions[ONE].stand(kafka, "everything fails")
    assert "everything fails" in member.consumer.waits_for()
    await member.consumer.on_partitions_revoked({ONE})
    assert "everything fails" not in member.consumer.waits_for()
