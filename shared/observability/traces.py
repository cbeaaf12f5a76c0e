"""One trace from a request through Kafka to the mail. Nobody to send it to: ids go along, and no span is made."""

import asyncio
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from random import getrandbits
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

FLUSH_SECONDS = 3.0  # what a service that ends gives to the spans it has not sent yet
W3C = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_propagator = TraceContextTextMapPropagator()
_followed: ContextVar[str | None] = ContextVar("followed", default=None)


@dataclass
class _Tracing:
    """What makes this process's spans; nothing where nobody wants them."""

    provider: TracerProvider | None = None
    tracer: Tracer | None = None


_tracing = _Tracing()


def start(service: str, processor: SpanProcessor) -> None:
    """From now on make spans, in the name of this service, and hand them to the processor.

    How many is the sampler's matter: OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG.
    """
    resource = Resource.create({"service.name": service, "service.namespace": "copse"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    _tracing.provider, _tracing.tracer = provider, provider.get_tracer("copse")


async def stop() -> None:
    """Make no more spans; send what is left, for some seconds at most."""
    provider = _tracing.provider
    _tracing.provider = _tracing.tracer = None
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
    valid_parent = parent if parent and W3C.fullmatch(parent) else None
    tracer = _tracing.tracer
    if quiet or tracer is None:
        # No secret: drawn as OpenTelemetry does.
        follows = valid_parent or f"00-{getrandbits(128):032x}-{getrandbits(64):016x}-01"
        token = _followed.set(follows)
        try:
            yield INVALID_SPAN
        finally:
            _followed.reset(token)
        return
    dotted = {name.replace("__", "."): value for name, value in attributes.items()}
    with tracer.start_as_current_span(
        name, context_of(valid_parent), kind, dotted, record_exception=False
    ) as current:
        yield current


def context_of(parent: str | None) -> Any:
    return _propagator.extract({"traceparent": parent} if parent else {})


def tracer() -> Tracer | None:
    """What begins spans; None where nobody wants them."""
    return _tracing.tracer
