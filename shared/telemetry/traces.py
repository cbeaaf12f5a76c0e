"""One trace from a request through Kafka to the mail. Nobody to send it to: ids go along, and no span is made."""

import asyncio
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from secrets import token_hex
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.events import Envelope

FLUSH_SECONDS = 3.0  # what a service that ends gives to the spans it has not sent yet
W3C = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_propagator = TraceContextTextMapPropagator()
_followed: ContextVar[str | None] = ContextVar("followed", default=None)
_provider: TracerProvider | None = None
_tracer: Tracer | None = None


def start(service: str, processor: SpanProcessor) -> None:
    """From now on make spans, in the name of this service, and hand them to the processor.

    How many is the sampler's matter: OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG.
    """
    global _provider, _tracer
    _provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "copse"}),
        shutdown_on_exit=False,
    )
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("copse")


async def stop() -> None:
    """Make no more spans; send what is left, for some seconds at most."""
    global _provider, _tracer
    ending, _provider, _tracer = _provider, None, None
    if ending:
        # The library would wait for half a minute for a collector that does not answer.
        thread = threading.Thread(target=ending.shutdown, daemon=True)
        thread.start()
        await asyncio.to_thread(thread.join, FLUSH_SECONDS)


def traced() -> bool:
    """Whether spans are made. One span an event costs a third of the event: so not for nobody."""
    return _tracer is not None


def traceparent() -> str | None:
    """The W3C trace context of what runs now: of the current span, else of what is being followed."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    return _followed.get()


def trace_id() -> str | None:
    """The id that all logs and events of what runs now have in common."""
    current = traceparent()
    return current[3:35] if current else None


def carry_on(traceparent: str | None) -> None:
    """What follows in this task belongs to that trace."""
    _followed.set(traceparent)


@contextmanager
def span(
    name: str, kind: SpanKind, parent: str | None, *, quiet: bool = False, **attributes: Any
) -> Generator[Span]:
    """What happens within belongs to the parent's trace, or begins one; as a span of it, unless quiet.

    In attributes `__` stands for a dot.
    """
    known = parent if parent and W3C.fullmatch(parent) else None
    if quiet or _tracer is None:
        token = _followed.set(known or f"00-{token_hex(16)}-{token_hex(8)}-01")
        try:
            yield INVALID_SPAN
        finally:
            _followed.reset(token)
        return
    told = {name.replace("__", "."): value for name, value in attributes.items()}
    with _tracer.start_as_current_span(
        name, _context(known), kind, told, record_exception=False
    ) as current:
        yield current


def _context(parent: str | None) -> Any:
    return _propagator.extract({"traceparent": parent} if parent else {})


class Handled:
    """Spans of the events that one transaction handles. Told once it is committed, or never: it may run again."""

    def __init__(self) -> None:
        self._ended: list[tuple[Span, int]] = []

    def again(self) -> None:
        """The transaction runs anew: what its last run did has not happened."""
        self._ended.clear()

    def tell(self) -> None:
        """It is committed."""
        for span, moment in self._ended:
            span.end(moment)

    @contextmanager
    def of(self, envelope: Envelope[Any], place: "Place") -> Generator[Span]:
        """The span of one event's effect here; what it brings about has it as its parent."""
        assert _tracer is not None  # noqa: S101 - asked before
        event = {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": place.topic,
            "messaging.destination.partition.id": str(place.partition),
            "messaging.kafka.offset": place.offset,
            "messaging.consumer.group.name": place.group,
            "messaging.message.id": envelope.id,
            "messaging.message.conversation_id": envelope.correlationid or envelope.id,
            "cloudevents.event_id": envelope.id,
            "cloudevents.event_source": envelope.source,
            "cloudevents.event_type": envelope.type,
        }
