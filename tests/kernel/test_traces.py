"""Spans tell of effects: each once, under what brought it about; and nobody pays who does not collect them."""

import asyncio
import json
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from aiokafka import TopicPartition
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from structlog.testing import capture_logs

from shared.consuming.applying import Applier
from shared.consuming.batching import Batching
from shared.consuming.partition import Partition, watermark
from shared.consuming.record import Record
from shared.events.cloudevents import Origin, read, write
from shared.observability import otlp, traces
from shared.observability.traces import span
from shared.storage.unit_of_work import Transaction
from tests.kernel.sample import Deposited, on
from tests.support.collector import Collector
from tests.support.service import Service

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
TP = TopicPartition(Deposited.topic, 0)


@pytest.fixture
async def spans() -> Any:
    """What was told so far, in the order of its end."""
    exporter = InMemorySpanExporter()
    traces.start("sample", SimpleSpanProcessor(exporter))
    yield exporter.get_finished_spans
    await traces.stop()


def deposits(*amounts: int, account: str = "a") -> list[Record]:
    made: list[Record] = []
    for offset, amount in enumerate(amounts):
        event = Deposited(account_id=account, amount=amount)
        row = write(event, offset + 1, Origin("/elsewhere", TRACEPARENT))
        envelope = read(row["value"], row["headers"], on.models)
        place = (TP.topic, TP.partition, offset, account.encode())
        made.append(Record(*place, row["value"], row["headers"], envelope))
    return made


async def settle(service: Service, batch: list[Record]) -> None:
    partition = Partition(TP)
    partition.position = await watermark(service.database, TP)
    await Batching(Applier(on, service.database).apply, 1).settle(partition.hand_over(batch))


async def receipts(service: Service) -> list[str]:
    """The parents of what the handlers brought about."""
    rows = (
        await service.database["outbox"]
        .find({"topic": {"$regex": "receipts"}})
        .sort("seq")
        .to_list(None)
    )
    return [json.loads(row["value"])["traceparent"] for row in rows]


def as_parent(one: ReadableSpan) -> str:
    context: Any = one.context
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


async def test_a_request_and_what_follows_from_it_stand_in_one_tree(
    service: Service, spans: Any
) -> None:
    path, headers = "/accounts/a/deposits", {"traceparent": TRACEPARENT}
    await service.client().post(path, json={"amount": 5}, headers=headers)
    [door] = spans()
    assert (door.name, door.kind) == ("POST /accounts/{account_id}/deposits", SpanKind.SERVER)
    assert f"{door.parent.span_id:016x}" == PARENT
    assert door.attributes["http.response.status_code"] == 201
    row = await service.database["outbox"].find_one({})
    await service.arrives(row["topic"], b"a", row["value"], row["headers"])
    [_, effect] = spans()
    assert (effect.name, effect.kind) == (f"process {Deposited.type}", SpanKind.CONSUMER)
    assert effect.parent.span_id == door.context.span_id
    assert effect.attributes["messaging.destination.name"] == Deposited.topic
    assert effect.attributes["cloudevents.event_id"] == row["_id"]
    assert await receipts(service) == [as_parent(effect)]


async def test_a_transaction_that_runs_again_is_told_once(service: Service, spans: Any) -> None:
    await settle(service, deposits(1))
    await service.database["outbox"].delete_many({})
    runs = count(1)

    async def meddle(event: Deposited, tx: Transaction) -> None:
        if next(runs) == 1:  # somebody else writes what this transaction is about to write
            await service.database["ledgers"].update_one({"_id": "a"}, {"$inc": {"version": 1}})

    on.handlers[Deposited.type].reactions.append(meddle)
    try:
        [*batch] = deposits(1, 2, 3)
        await settle(service, batch)
    finally:
        on.handlers[Deposited.type].reactions.remove(meddle)
    assert (
        next(runs) == 5
    )  # twice for the second event, and for the third: the conflict shows at the end
    _, *told = spans()
    assert [one.attributes["messaging.kafka.offset"] for one in told] == [1, 2]
    assert [one.attributes["copse.tries"] for one in told] == [2, 2]
    assert await receipts(service) == [as_parent(one) for one in told]


async def test_a_failure_beside_good_neighbours_is_one_red_span(
    service: Service, spans: Any
) -> None:
    good, bad, fine = deposits(5, 13, 6)
    bad.key, fine.key = b"b", b"c"
    await settle(service, [good, bad, fine])
    by_offset = {one.attributes["messaging.kafka.offset"]: one for one in spans()}
    assert len(spans()) == len(by_offset) == 3
    assert [by_offset[n].status.status_code for n in range(3)] == [
        StatusCode.UNSET,
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]
    told = by_offset[1].attributes
    assert (told["error.type"], told["copse.set_aside"]) == ("Unlucky", "dead")


async def test_where_nobody_collects_no_span_is_made_and_the_trace_goes_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("a span was made")

    monkeypatch.setattr(TracerProvider, "get_tracer", never)
    monkeypatch.setattr("opentelemetry.sdk.trace.Span.__init__", never)
    monkeypatch.setattr("opentelemetry.trace.NonRecordingSpan.__init__", never)
    path, headers = "/accounts/a/deposits", {"traceparent": TRACEPARENT}
    reply = await service.client().post(path, json={"amount": 5}, headers=headers)
    assert reply.headers["x-trace-id"] == TRACE
    await settle(service, deposits(7))
    assert await receipts(service) == [TRACEPARENT]
    fresh = await service.client().post(
        path, json={"amount": 5}, headers={"traceparent": "00-0-0-01"}
    )
    assert fresh.headers["x-trace-id"] not in (TRACE, "0" * 32, "")


async def test_who_watches_the_service_leaves_no_trace(service: Service, spans: Any) -> None:
    for path in ("/metrics", "/livez", "/readyz"):
        assert (await service.client().get(path)).headers["x-trace-id"]
    assert not spans()


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as one:
        yield one


async def test_what_is_left_goes_out_when_the_service_ends(collector: Collector) -> None:
    traces.start("sample", otlp.to(collector.address))
    with span("work", SpanKind.CLIENT, TRACEPARENT):
        pass
    await traces.stop()
    [one] = collector.trace(TRACE)
    assert (one.service, one.name, one.kind, one.parent) == ("sample", "work", "client", PARENT)


async def test_a_collector_that_does_not_answer_holds_up_nobody(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "FLUSH_SECONDS", 0.5)
    collector.held.clear()
    traces.start("sample", otlp.to(collector.address))
    with span("work", SpanKind.CLIENT, TRACEPARENT):
        pass
    began = time.monotonic()
    await traces.stop()
    assert time.monotonic() - began < traces.FLUSH_SECONDS + 1
    assert collector.requests


async def test_lost_traces_are_said_once_and_found_ones_once(
    collector: Collector,
) -> None:
    exporter = otlp.Collector(collector.address)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("t")
    with capture_logs() as said:
        for status in (400, 400, 500, 200, 200):
            collector.status = status
            await asyncio.to_thread(tracer.start_span("work").end)
    words = [(line["event"], line.get("lost")) for line in said]
    assert words == [
        ("traces are lost: the collector does not take them", None),
        ("traces leave again", 3),
    ]
    assert len(collector.spans) == 2
    provider.shutdown()
