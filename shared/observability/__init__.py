"""Logs, metrics, traces: one place, one naming."""

from shared.observability import logs, traces


def set_up(service: str, level: str, collector: str = "") -> None:
    """Log as this service; make traces if there is a collector, an address such as http://collector:4318."""
    logs.configure(service, level)
    if collector:
        from shared.observability import otlp  # noqa: PLC0415 - 10 MB that most installations do not need

        traces.start(service, otlp.to(collector))
