"""Parts, topics and services, started together; for `make up` and for the system tests."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local import ports, services
from deploy.local.parts import Parts, end_all, start_together, stop_together
from deploy.local.processes import CannotStart, Process, running_in
from deploy.local.state import ROOT

STDERR = 2  # the descriptor; sys.stderr may be something else in a test


@dataclass(frozen=True)
class Service:
    url: str
    process: Process


@dataclass(frozen=True)
class System:
    folder: Path
    parts: Parts
    services: Mapping[str, Service]

    @classmethod
    def start(
        cls,
        folder: Path,
        on: ports.Ports | None = None,
        *,
        parts: Parts | None = None,
        settings: Mapping[str, str] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Self:
        """Everything ready, on free ports unless told otherwise. What lives already is left as it is.

        `parts` may be given, started elsewhere; they are stopped with the system. `settings` are environment variables
        for every service. If anything fails, what this call started is ended.
        """
        folder, names = folder.absolute(), services.names()
        on = on or ports.free(names)
        lived = running_in(folder)
        try:
            if parts is None:
                tell("Starting Kafka, MongoDB and the mailbox …")
                parts = Parts.start(folder, on)
            tell("Declaring topics …")
            run("deploy.topics", "apply", COPSE_KAFKA=parts.kafka)
            started = {
                name: Service(
                    services.address(on[name]),
                    services.service(name, folder, on[name], parts, settings or {}),
                )
                for name in names
            }
            if new := [name for name in names if name not in lived]:
                tell(f"Starting {', '.join(new)} …")
            start_together([one.process for one in started.values()])
        except BaseException:
            end_all(folder, but=lived)
            raise
        return cls(folder, parts, started)

    @property
    def urls(self) -> dict[str, str]:
        return {name: one.url for name, one in self.services.items()}

    def stop(self) -> None:
        stop_together(one.process for one in self.services.values())
        self.parts.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()


def run(module: str, *arguments: str, **environment: str) -> None:
    """A one-shot job of ours, by its module; what it prints is progress."""
    command = [sys.executable, "-m", module, *arguments]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    if subprocess.run(command, env=settings, stdout=STDERR, check=False).returncode:
        raise CannotStart(f"python -m {module} {' '.join(arguments)} failed, as it says above.")
