"""Folders for a test run: thrown away with it, or by the next run where it was killed before it could."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.parts import end_all
from deploy.local.processes import Running

HOME = Path(tempfile.gettempdir()) / f"copse-tests-{os.getuid()}"
OWNER = "owner.json"


@contextmanager
def throwaway() -> Generator[Path]:
    """A folder for parts and services. At the end whatever still runs there is ended."""
    HOME.mkdir(mode=0o700, exist_ok=True)
    _sweep()
    folder = HOME / secrets.token_hex(4)
    folder.mkdir()
    Running.of(os.getpid()).record(folder / OWNER)
    try:
        yield folder
    finally:
        _discard(folder)


def _sweep() -> None:
    """A run that was killed leaves Kafka behind, which would otherwise run on for ever."""
    for owner in HOME.glob(f"*/{OWNER}"):
        run = Running.recorded(owner)
        if run is None or not run.alive:
            _discard(owner.parent)


def _discard(folder: Path) -> None:
    end_all(folder, grace=5)
    shutil.rmtree(folder, ignore_errors=True)
