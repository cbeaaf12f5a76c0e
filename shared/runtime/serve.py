"""A service as a process: its settings are read, it speaks JSON, it serves until SIGTERM and ends with 0."""

import asyncio
import gc
import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from shared import observability
from shared.runtime.service import Service
from shared.runtime.settings import load

COLLECTED_EVERY = 10_000
"""New objects until Python looks for cycles among them: a page of a list makes thousands, and no cycle."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """SIGTERM and SIGINT end the service with exit code 0 (uvicorn's own way re-raises them)."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def run(service: Service[Any]) -> None:
    """Serve until SIGTERM. A wrong setting is named, and ends the process with 2."""
    settings = load(service.settings)
    observability.set_up(service.name, settings.log_level, settings.otlp)
    server = uvicorn.Config(
        service.build(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=int(settings.grace_seconds),
        server_header=False,
    )
    gc.collect()
    gc.freeze()  # what was imported stays for good: it need not be looked through again and again
    gc.set_threshold(COLLECTED_EVERY, 20, 20)
    _Server(server).run()
