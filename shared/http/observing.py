"""What is known of every request: its trace, how long it took, and how it ended."""

import time

from fastapi import Request
from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http import problems
from shared.observability.metrics import REQUESTS
from shared.observability.traces import span, trace_id

WATCHED = {"/livez", "/readyz", "/metrics"}  # asked every few seconds: no trace is made of it


class Observed:
    """ASGI middleware: a span, a metric and the header `X-Trace-Id` for each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request = Request(scope)
        status, seconds = 0, 0.0

        async def sending(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                # Until the answer begins: how long a file takes is up to who receives it.
                status, seconds = message["status"], time.perf_counter() - began
                MutableHeaders(scope=message)["x-trace-id"] = trace_id() or ""
            await send(message)

        parent, quiet = request.headers.get("traceparent"), scope["path"] in WATCHED
        with span(request.method, SpanKind.SERVER, parent, quiet=quiet) as current:
            try:
                await self._app(scope, receive, sending)
            except Exception as error:  # answered here, while the trace is known
                if status:
                    raise
                await (await problems.unforeseen(request, error))(scope, receive, sending)
            finally:
                route = problems.route_of(request)
                _describe(current, request.method, route, status)
                REQUESTS.labels(route, request.method, status).observe(seconds)


def _describe(current: Span, method: str, route: str, status: int) -> None:
    if not current.is_recording():
        return
    current.update_name(f"{method} {route}")
    attributes = {"http.request.method": method, "http.route": route}
    current.set_attributes({**attributes, "http.response.status_code": status})
    if status >= 500:
        current.set_status(StatusCode.ERROR)
