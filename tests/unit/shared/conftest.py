"""A member of a consumer group, without a broker and a database."""

from collections.abc import Callable, Sequence

import pytest
from faststream.kafka import KafkaBroker

from shared.consuming import partition
from shared.consuming.applying import Applied, Applier
from shared.consuming.consumer import Consumer
from shared.consuming.handlers import Handlers
from shared.consuming.partition import Partition
from shared.consuming.record import Record
from shared.storage.database import Database
from tests.unit.shared.member import Client, Member


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Client:
    client = Client()
    monkeypatch.setattr(Consumer, "client", client)
    return client


@pytest.fixture
def a_member(kafka: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Member]:
    def made(watermark: int, max_failure_share: float = 1) -> Member:
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
            max_failure_share=max_failure_share,
        )
        return member

    return made
