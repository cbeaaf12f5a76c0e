"""Spans on their way to a collector, by OTLP over HTTP. What becomes of them disturbs nobody."""

import logging
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from shared.observability.logs import log

TRACES = "/v1/traces"  # OTLP/HTTP's default path for spans
TIMEOUT_SECONDS = 5.0


class Collector(SpanExporter):
    """The library's exporter, but it says once that spans are lost, and once that they are not."""

    def __init__(self, address: str) -> None:
        url = address.rstrip("/").removesuffix(TRACES) + TRACES
        self._exporter = OTLPSpanExporter(url, timeout=TIMEOUT_SECONDS)
        self._lost = 0
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            if self._lost:
                log.info("traces leave again", lost=self._lost)
            self._lost = 0
        else:
            if not self._lost:
                log.warning("traces are lost: the collector does not take them")
            self._lost += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def to(address: str) -> BatchSpanProcessor:
    """Sends spans to an address such as http://collector:4318, some at a time, from a thread of its own.

    The library's environment variables hold: OTEL_EXPORTER_OTLP_HEADERS, OTEL_BSP_SCHEDULE_DELAY and the like.
    """
    return BatchSpanProcessor(Collector(address))
