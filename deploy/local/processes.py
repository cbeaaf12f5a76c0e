"""Processes in the background: started, found again by a later command, ended without ever hitting a stranger."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

LOG_LIMIT = 8_000_000  # bytes; a longer log is set aside at the next start


class CannotStart(Exception):
    """A sentence for the person at the terminal, shown without a traceback."""


@dataclass(frozen=True)
class Running:
    """A process that runs, or ran. Pids are used again; a pid together with its birth is not."""

    pid: int
    birth: str

    @classmethod
    def recorded(cls, file: Path) -> Self | None:
        try:
            return cls(**json.loads(file.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    @classmethod
    def of(cls, pid: int) -> Self:
        return cls(pid, birth(pid) or "")

    def record(self, file: Path) -> None:
        """Whole or not at all: another command may read it at any moment."""
        unfinished = file.with_suffix(".part")
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.rename(file)

    @property
    def alive(self) -> bool:
        return birth(self.pid) == self.birth

    def send(self, signal_number: int) -> None:
        if self.alive:
            os.kill(self.pid, signal_number)

    def end(self, grace: float) -> None:
        """Ask it to end; insist after `grace` seconds."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)  # a paused process hears nothing else
        if not _within(grace, lambda: not self.alive):
            self.send(signal.SIGKILL)
            _within(10, lambda: not self.alive)


class Process:
    """A command that runs in the background and says by `ready` that it does its work.

    Its log and its pid are kept in `folder`, so that another program finds it again under the same name.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        command: Sequence[str],
        *,
        ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
        limit: float = 60.0,
    ) -> None:
        self.name = name
        self.log = folder / "logs" / f"{name}.log"
        self._record = folder / "pids" / f"{name}.json"
        self._command = command
        self._ready = ready
        self._environment = environment or {}
        self._limit = limit
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        running = Running.recorded(self._record)
        return running is not None and running.alive

    @property
    def pid(self) -> int | None:
        """None when it does not live."""
        running = Running.recorded(self._record)
        return running.pid if running and running.alive else None

    def start(self) -> None:
        """Return when it is ready, at once when it was; raise CannotStart with the end of its log."""
        self.spawn()
        self.wait_until_ready()

    def spawn(self) -> None:
        """Start without waiting; nothing happens when it lives."""
        if self.alive:
            return
        self._reap()
        for file in (self.log, self._record):
            file.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.rename(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for the runner alone
            )
        Running.of(self._child.pid).record(self._record)

    def wait_until_ready(self) -> None:
        until = time.monotonic() + self._limit
        while True:
            if not self.alive:
                self._reap()
                raise CannotStart(f"{self.name} ended while starting.\n{self.last_lines()}")
            if self._ready():
                return
            if time.monotonic() > until:
                raise CannotStart(
                    f"{self.name} is not ready after {self._limit:.0f} s.\n{self.last_lines()}"
                )
            time.sleep(0.05)

    def stop(self, grace: float = 15.0) -> int | None:
        """End it. Gives its exit code, which only the program that started it can know."""
        if running := Running.recorded(self._record):
            running.end(grace)
        self._record.unlink(missing_ok=True)
        return self._reap()

    def kill(self) -> None:
        """As a crash does: kill -9, nothing tidied up."""
        self._signal(signal.SIGKILL)
        _within(10, lambda: not self.alive)
        self._reap()

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def last_lines(self, count: int = 20) -> str:
        if not self.log.exists():
            return ""
        lines = self.log.read_text(errors="replace").splitlines()[-count:]
        return "\n".join([f"The end of {self.log}:", *(f"  {line}" for line in lines)])

    def _signal(self, signal_number: int) -> None:
        if running := Running.recorded(self._record):
            running.send(signal_number)

    def _reap(self) -> int | None:
        child, self._child = self._child, None
        return child.wait(10) if child else None


def running_in(folder: Path) -> dict[str, Running]:
    """What was started in this folder, by whichever program, and lives; by name."""
    recorded = {
        record.stem: Running.recorded(record) for record in sorted((folder / "pids").glob("*.json"))
    }
    return {name: running for name, running in recorded.items() if running and running.alive}


def birth(pid: int) -> str | None:
    """When this process began, in the system's own words; None when it is gone or only waits to be reaped."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    told = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, began = told.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else began.strip()


def _within(seconds: float, happened: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
