"""Logs, metrics, traces: one place, one naming."""

from shared.database import Database
from shared.events import Origin
from shared.telemetry import traces
from shared.telemetry.logs import log, speak
from shared.telemetry.metrics import (
    BATCH,
    CONSUMED,
    LAG,
    LAG_SECONDS,
    OUTBOX_AGE,
    OUTBOX_DEPTH,
    PARKED,
    PUBLISHED,
    READY,
    REQUESTS,
)
from shared.telemetry.traces import Handled, carry_on, span, trace_id, traceparent

__all__ = [
    "BATCH",
    "CONSUMED",
    "LAG",
    "LAG_SECONDS",
    "OUTBOX_AGE",
    "OUTBOX_DEPTH",
    "PARKED",
    "PUBLISHED",
    "READY",
    "REQUESTS",
    "Handled",
    "carry_on",
    "log",
    "origin_of",
    "set_up",
    "span",
    "trace_id",
    "traceparent",
    "traces",
]


def set_up(service: str, level: str, collector: str = "") -> None:
    """Log as this service; make traces if there is a collector, an address such as http://collector:4318."""
    speak(service, level)
    if collector:
        from shared.telemetry import otlp  # noqa: PLC0415 - 10 MB that most installations do not need

        traces.start(service, otlp.to(collector))


def origin_of(database: Database, **context: str | None) -> Origin:
    """Where an event published now comes from, the trace included."""
    return Origin(database.source, traceparent=traceparent(), **context)
