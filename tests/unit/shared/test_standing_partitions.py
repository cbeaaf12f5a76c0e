"""A partition that stands holds up no other, and is read again from where it stood."""

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from shared.consuming import partition
from tests.unit.shared.member import ONE, OTHER, Client, Member, settled


async def test_a_partition_that_stands_holds_up_no_other_and_is_read_again(
    kafka: Client, a_member: Callable[..., Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment whose handler fails on everything: some is set aside, then the partition stands."""
    monkeypatch.setattr("shared.consuming.brake.MIN_FAILURES", 0)
    monkeypatch.setattr("shared.consuming.batching.TRIES", 1)
    monkeypatch.setattr("shared.consuming.consumer.MAX_CONCURRENT_BATCHES", 1)
    member = a_member(-1, max_failure_share=0.5)
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    for opened in member.open.values():
        opened.set()
    member.broken = {ONE}
    await member.take(a=range(3))
    await member.take(a=range(3, 6), b=range(4))  # what was read ahead, and another partition
    await settled(member)
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
    await settled(member)
    assert member.applied == [*range(6)]
    assert not [why for why in member.consumer.waits_for() if "failed unforeseen" in why]


async def test_a_partition_that_stood_and_was_given_away_is_nobodys_trouble_here(
    kafka: Client, a_member: Callable[..., Member]
) -> None:
    member = a_member(-1)
    await member.consumer.on_partitions_assigned({ONE, OTHER})
    member.consumer.partitions[ONE].stand(kafka, "everything fails")
    assert "everything fails" in member.consumer.waits_for()
    await member.consumer.on_partitions_revoked({ONE})
    assert "everything fails" not in member.consumer.waits_for()
