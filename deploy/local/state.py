"""Where the runner keeps everything it must find again: data, logs, pids, keys."""

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Named one by one, so that a COPSE_STATE that points to somebody's home is not wiped by a reset.
KEPT = ("kafka", "mongo", "mails", "logs", "pids", "keys")
PORTS = "ports.json"


def state_folder() -> Path:
    """`.run` in the checkout; COPSE_STATE chooses another, for a second system beside the first."""
    folder = Path(os.environ.get("COPSE_STATE") or ROOT / ".run").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def forget(folder: Path) -> None:
    for name in KEPT:
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / PORTS).unlink(missing_ok=True)
