"""A member is ready when the history of the partitions it has is applied, however they change hands meanwhile."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from faststream.kafka import KafkaBroker

from shared.consuming import partition
from shared.consuming.consumer import Consumer
from shared.consuming.handlers import Handlers
from shared.storage.database import Database

HISTORY = "the history is not applied yet"
MINE, OTHERS = TopicPartition("t", 0), TopicPartition("t", 1)


class Client:
    """Kafka, as a member sees it; a rebalance comes while it is asked for the ends."""

    def __init__(self, ends: dict[TopicPartition, int]) -> None:
        self.ends = ends
        self.assigned: set[TopicPartition] = set(ends)
        self.positions = dict.fromkeys(ends, 0)
        self.rebalance: Callable[[], Awaitable[None]] | None = None

    def partitions_for_topic(self, _: str) -> set[int]:
        return {tp.partition for tp in self.ends}

    async def end_offsets(self, asked: list[TopicPartition]) -> dict[TopicPartition, int]:
        rebalance, self.rebalance = self.rebalance, None
        if rebalance:
            await rebalance()
        return {tp: self.ends[tp] for tp in asked}

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def highwater(self, tp: TopicPartition) -> int | None:
        assert tp in self.assigned
        return None

    async def position(self, tp: TopicPartition) -> int:
        if tp not in self.assigned:
            raise IllegalStateError(f"{tp} is not assigned")
        return self.positions[tp]


@pytest.fixture
async def member(monkeypatch: pytest.MonkeyPatch) -> tuple[Consumer, Client]:
    database = Database("mongodb://127.0.0.1:1/", "nobody")
    consumer = Consumer(
        KafkaBroker(), Handlers("g", ["t"]), database, max_records=10, max_failure_share=1
    )
    client = Client({MINE: 3, OTHERS: 5})
    monkeypatch.setattr(Consumer, "client", client)

    async def watermark(_: Database, tp: TopicPartition) -> int:
        return client.positions[tp] - 1

    monkeypatch.setattr(partition, "watermark", watermark)
    await consumer.on_partitions_assigned({MINE, OTHERS})
    return consumer, client


async def test_a_partition_given_away_while_its_end_was_asked_for_is_not_waited_for(
    member: tuple[Consumer, Client],
) -> None:
    consumer, client = member

    async def rebalance() -> None:
        client.assigned = {MINE}
        await consumer.on_partitions_revoked({MINE, OTHERS})
        await consumer.on_partitions_assigned({MINE})

    client.rebalance = rebalance
    with suppress(IllegalStateError):  # as the service does; it measures again a second later
        await consumer.measure()
    assert HISTORY in consumer.waits_for()
    client.positions[MINE] = 3
    await consumer.measure()
    assert consumer.waits_for() == []


async def test_a_member_between_two_assignments_is_not_ready_for_having_nothing(
    member: tuple[Consumer, Client],
) -> None:
    consumer, client = member
    await consumer.on_partitions_revoked({MINE, OTHERS})
    await consumer.measure()
    assert HISTORY in consumer.waits_for()

    await consumer.on_partitions_assigned(set())
    await consumer.measure()
    assert consumer.waits_for() == [], "it stands by: others have all partitions"
