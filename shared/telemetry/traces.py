"""One trace from a request through Kafka to the mail. Nobody to send it to: ids go along, and no span is made."""

import asyncio
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from random import getrandbits
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.events import Envelope

if TYPE_CHECKING:
    from shared.inbox import Delivery
    from shared.transaction import Transaction

FLUSH_SECONDS = 3.0  # what a service that ends gives to the spans it has not sent yet
W3C = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_propagator = TraceContextTextMapPropagator()
_followed: ContextVar[str | None] = ContextVar("followed", default=None)


@dataclass
class _Making:
    """What makes this process's spans; nothing where nobody wants them."""

    provider: TracerProvider | None = None
    tracer: Tracer | None = None


_making = _Making()


def start(service: str, processor: SpanProcessor) -> None:
    """From now on make spans, in the name of this service, and hand them to the processor.

    How many is the sampler's matter: OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG.
    """
    who = Resource.create({"service.name": service, "service.namespace": "copse"})
    provider = TracerProvider(resource=who, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    _making.provider, _making.tracer = provider, provider.get_tracer("copse")


async def stop() -> None:
    """Make no more spans; send what is left, for some seconds at most."""
    provider = _making.provider
    _making.provider = _making.tracer = None
    if provider:
        # The library would wait for half a minute for a collector that does not answer.
        thread = threading.Thread(target=provider.shutdown, daemon=True)
        thread.start()
        await asyncio.to_thread(thread.join, FLUSH_SECONDS)


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
    tracer = _making.tracer
    if quiet or tracer is None:
        # No secret: drawn as OpenTelemetry does.
        follows = known or f"00-{getrandbits(128):032x}-{getrandbits(64):016x}-01"
        token = _followed.set(follows)
        try:
            yield INVALID_SPAN
        finally:
            _followed.reset(token)
        return
    told = {name.replace("__", "."): value for name, value in attributes.items()}
    with tracer.start_as_current_span(
        name, _context(known), kind, told, record_exception=False
    ) as current:
        yield current


def _context(parent: str | None) -> Any:
    return _propagator.extract({"traceparent": parent} if parent else {})


class Handled:
    """Spans of the events that one transaction handles: told once it is committed, for it may run again."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._ended: list[tuple[Span, int]] = []
        self._runs = 0

    def again(self, tx: "Transaction") -> None:
        """The transaction runs, or runs anew: then what its last run did has not happened."""
        tx.handled = self if _making.tracer else None  # no span an event where nobody wants it
        self._ended.clear()
        self._runs += 1

    def tell(self) -> None:
        """The transaction is committed."""
        for span, moment in self._ended:
            if self._runs > 1:
                span.set_attribute("copse.tries", self._runs)
            span.end(moment)

    @contextmanager
    def event(self, one: "Delivery", envelope: Envelope[Any], tx: "Transaction") -> Generator[None]:
        """The span of an event's effect; what it brings about has it as its parent. A failure is no effect."""
        span = self._begun(one, envelope)
        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            tx.origin = replace(tx.origin, traceparent=traceparent())
            yield
        self._ended.append((span, time.time_ns()))

    def set_aside(self, one: "Delivery", state: str) -> None:
        """An event that could not be handled is seen as such; the words of the error may hold people's data."""
        if not isinstance(one.envelope, Envelope):
            return  # what cannot be read belongs to no trace
        span = self._begun(one, one.envelope)
        kind = (one.trouble or "").partition(":")[0]
        span.set_attributes({"error.type": kind, "copse.set_aside": state})
        span.set_status(StatusCode.ERROR, kind)
        self._ended.append((span, time.time_ns()))

    def _begun(self, one: "Delivery", envelope: Envelope[Any]) -> Span:
        """By OpenTelemetry's conventions for messaging and CloudEvents; keys and subjects may name people."""
        assert _making.tracer is not None  # noqa: S101 - asked before
        told = {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": one.topic,
            "messaging.destination.partition.id": str(one.partition),
            "messaging.kafka.offset": one.offset,
            "messaging.consumer.group.name": self._group,
            "messaging.message.conversation_id": envelope.correlationid or envelope.id,
            "cloudevents.event_id": envelope.id,
            "cloudevents.event_source": envelope.source,
            "cloudevents.event_type": envelope.type,
        }
        name, parent = f"process {envelope.type}", _context(envelope.traceparent)
        return _making.tracer.start_span(name, parent, SpanKind.CONSUMER, told)
