"""A batch that was read ahead is not applied once its place is not the next any more."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.consuming.consumer import MAX_CONCURRENT_BATCHES
from tests.unit.shared.member import ONE, OTHER, Client, Member, settled


async def test_what_was_read_before_going_back_is_not_applied_though_the_place_is_known_by_then(
    kafka: Client, a_member: Callable[..., Member]
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
    await settled(member)
    assert member.applied == [], "5 to 101 would be lost"

    await member.take(a=range(50, 60))  # what is left of 5 to 99 after compaction
    await settled(member)
    assert member.applied == [*range(50, 60)]


async def test_what_was_read_before_a_rebalance_is_not_applied_after_it(
    kafka: Client, a_member: Callable[..., Member]
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
    await settled(member)
    assert member.applied == [], "0 to 9 would be lost"

    await member.take(a=range(20))  # Kafka reads on from what was committed
    await settled(member)
    assert member.applied == [*range(20)]


async def test_batches_are_applied_side_by_side_but_never_two_of_one_partition(
    kafka: Client, a_member: Callable[..., Member]
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
    await settled(member)
    assert member.watermarks[OTHER] == 9


async def test_there_are_never_more_batches_under_way_than_there_is_room(
    kafka: Client, a_member: Callable[..., Member]
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
    kafka: Client, a_member: Callable[..., Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full makes even a log line fail; the batch in hand is read again, whole."""
    member = a_member(-1)
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    member.open[ONE].set()

    async def broken(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(member.consumer, "settle", broken)
    await member.take(a=range(10))
    await settled(member)
    monkeypatch.delattr(member.consumer, "settle")
    await member.take(a=range(10, 20))
    await settled(member)
    assert (member.applied, kafka.positions[ONE]) == ([], 0), "0 to 9 would be lost"
    await member.take(a=range(20))
    await settled(member)
    assert member.applied == [*range(20)]


async def test_after_a_failed_fetch_records_are_read_from_where_they_were_handed_over(
    kafka: Client, a_member: Callable[..., Member]
) -> None:
    member = a_member(-1)
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    member.open[ONE].set()
    await member.take(a=range(10))
    await settled(member)
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
    kafka: Client, a_member: Callable[..., Member]
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
    await settled(member)


async def test_a_topic_behind_an_open_transaction_was_not_made_anew(
    kafka: Client, a_member: Callable[..., Member]
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
