"""Spans of the events that a transaction handles, by OpenTelemetry's conventions for messaging."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from shared.consuming.record import Record
from shared.events.cloudevents import Envelope
from shared.observability.traces import context_of, traceparent
from shared.storage.unit_of_work import Transaction


class Spans:
    """Spans of the events that one transaction handles: told once it is committed, for it may run again."""

    def __init__(self, group: str, tracer: Tracer) -> None:
        self._group = group
        self._tracer = tracer
        self._ended: list[tuple[Span, int]] = []
        self._runs = 0

    def again(self) -> None:
        """The transaction runs, or runs anew: then what its last run did has not happened."""
        self._ended.clear()
        self._runs += 1

    def tell(self) -> None:
        """The transaction is committed."""
        for span, moment in self._ended:
            if self._runs > 1:
                span.set_attribute("copse.tries", self._runs)
            span.end(moment)

    @contextmanager
    def event(self, record: Record, envelope: Envelope[Any], tx: Transaction) -> Generator[None]:
        """The span of an event's effect; what it brings about has it as its parent. A failure is no effect."""
        span = self._begun(record, envelope)
        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            tx.origin = replace(tx.origin, traceparent=traceparent())
            yield
        self._ended.append((span, time.time_ns()))

    def set_aside(self, record: Record, state: str) -> None:
        """An event that could not be handled is seen as such; the words of the error may hold people's data."""
        if not isinstance(record.envelope, Envelope):
            return  # what cannot be read belongs to no trace
        span = self._begun(record, record.envelope)
        kind = (record.failure_reason or "").partition(":")[0]
        span.set_attributes({"error.type": kind, "copse.set_aside": state})
        span.set_status(StatusCode.ERROR, kind)
        self._ended.append((span, time.time_ns()))

    def _begun(self, record: Record, envelope: Envelope[Any]) -> Span:
        """By OpenTelemetry's conventions for messaging and CloudEvents; keys and subjects may name people."""
        attributes = {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": record.topic,
            "messaging.destination.partition.id": str(record.partition),
            "messaging.kafka.offset": record.offset,
            "messaging.consumer.group.name": self._group,
            "messaging.message.conversation_id": envelope.correlationid or envelope.id,
            "cloudevents.event_id": envelope.id,
            "cloudevents.event_source": envelope.source,
            "cloudevents.event_type": envelope.type,
        }
        name, parent = f"process {envelope.type}", context_of(envelope.traceparent)
        return self._tracer.start_span(name, parent, SpanKind.CONSUMER, attributes)
