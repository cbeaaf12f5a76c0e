"""JSON lines on stderr, of ours and of the libraries."""

import logging
import sys
from typing import Any

import structlog

from shared.observability.traces import trace_id

REPEAT_SECONDS = 10

log: Any = structlog.get_logger()


def configure(service: str, level: str) -> None:
    """JSON lines on stderr, every one with its service and, where there is one, its trace id."""
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


def _ids() -> dict[str, str]:
    current = trace_id()
    return {"trace_id": current} if current else {}


class _Bridge(logging.Handler):
    """Sends what libraries log through the same JSON; a repetition within ten seconds is left out."""

    def __init__(self) -> None:
        super().__init__()
        self._logged_at: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        # While Kafka is away aiokafka says so some thirty times a second.
        line = f"{record.name} {record.msg}"
        if record.created - self._logged_at.get(line, 0) < REPEAT_SECONDS:
            return
        if len(self._logged_at) > 1000:
            self._logged_at.clear()
        self._logged_at[line] = record.created
        try:
            log.log(
                record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
            )
        except Exception:  # a library's faulty call must not fail the library
            self.handleError(record)
