"""What is fetched once for all checkouts: the user's cache folder, and how a download becomes part of it."""

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp


def cached(name: str, fetch: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache, fetched on first use.

    It appears under its name only when it is whole: an aborted download is thrown away by the next one, and two
    commands that want the same wait for each other.
    """
    folder = _cache() / name
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / f"{name}.lock"):
        if not folder.exists():
            for aborted in folder.parent.glob(f"{name}.unfinished-*"):
                shutil.rmtree(aborted, ignore_errors=True)
            # A new name each time: the downloader of a killed run may still be writing into its own.
            unfinished = Path(mkdtemp(prefix=f"{name}.unfinished-", dir=folder.parent))
            sys.stderr.write(f"Fetching {name}, once for all checkouts …\n")
            fetch(unfinished)
            unfinished.rename(folder)
    return folder


@contextmanager
def locked(file: Path) -> Generator[None]:
    """One process at a time; a killed one leaves no lock behind."""
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"Waiting for another command, which holds {file} …\n")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _cache() -> Path:
    chosen = os.environ.get("COPSE_CACHE")
    return (
        Path(chosen)
        if chosen
        else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "copse"
    )
