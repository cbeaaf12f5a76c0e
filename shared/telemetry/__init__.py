"""Logs, metrics, traces: one place, one naming."""

import logging
import sys
from contextvars import ContextVar
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram

from shared.database import Database
from shared.events import Origin

CONSUMED = Counter("copse_events", "Events consumed", ["topic", "outcome"])
LAG = Gauge("copse_lag_records", "Records not yet consumed", ["topic", "partition"])
OUTBOX_DEPTH = Gauge("copse_outbox_events", "Events that wait for Kafka")
OUTBOX_AGE = Gauge("copse_outbox_age_seconds", "Age of the oldest event that waits for Kafka")
PUBLISHED = Counter("copse_published_events", "Events acknowledged by Kafka", ["topic"])
PARKED = Gauge("copse_parked_events", "Events set aside, by state", ["state"])
BATCH = Histogram("copse_batch_seconds", "Time of one partition batch, commit included")
REQUESTS = Histogram("copse_request_seconds", "Time of a request", ["route", "method", "status"])

REPEAT_SECONDS = 10

log: Any = structlog.get_logger()
tracer = trace.get_tracer("copse")
_propagator = TraceContextTextMapPropagator()
_followed: ContextVar[str | None] = ContextVar("followed", default=None)


def set_up(service: str, level: str) -> None:
    """JSON lines on stderr, every one with its service and, where there is one, its trace id."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(
            TracerProvider(resource=Resource.create({"service.name": service}))
        )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            lambda _, __, entry: {**entry, "service": service, **_ids()},
            structlog.processors.format_exc_info,  # without locals: they hold people's data
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)


class _Bridge(logging.Handler):
    """Sends what libraries log through the same JSON; a repetition within ten seconds is left out."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        # While Kafka is away aiokafka says so some thirty times a second.
        line = f"{record.name} {record.msg}"
        if record.created - self._said.get(line, 0) < REPEAT_SECONDS:
            return
        if len(self._said) > 1000:
            self._said.clear()
        self._said[line] = record.created
        try:
            log.log(
                record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
            )
        except Exception:  # a library's faulty call must not fail the library
            self.handleError(record)


def _ids() -> dict[str, str]:
    current = traceparent()
    return {"trace_id": current.split("-")[1]} if current else {}


def traceparent() -> str | None:
    """The W3C trace context of what runs now: of the current span, else of the event being handled."""
    if trace.get_current_span().get_span_context().is_valid:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get("traceparent")
    return _followed.get()


def follow(traceparent: str | None) -> Any:
    """The context to start a span in, from another process's traceparent."""
    return _propagator.extract({"traceparent": traceparent} if traceparent else {})


def carry_on(traceparent: str | None) -> None:
    """What follows in this task belongs to that trace. A span for every event would cost more than the event."""
    _followed.set(traceparent)


def origin_of(database: Database, **context: str | None) -> Origin:
    """Where an event published now comes from, the trace included."""
    return Origin(database.source, traceparent=traceparent(), **context)
