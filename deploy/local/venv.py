"""Makes .venv what requirements-dev.txt locks; at once when it is so already.

The machine's own Python runs this file before anything is installed: it stands alone, and its syntax is plain enough
for an old Python to come as far as the sentence that asks for a newer one.
"""

import fcntl
import hashlib
import importlib.util
import pathlib
import shutil
import subprocess
import sys

NEEDED = (3, 11)
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
LOCK_FILE = ROOT / "requirements-dev.txt"
LAUNCHER = ROOT / "deploy" / "cli" / "copse"
PYTHON = "{}.{}".format(*sys.version_info)


def main() -> None:
    if sys.version_info < NEEDED:
        sys.exit(
            f"Copse needs Python 3.11 or later, and this is {PYTHON}: install one and name it, "
            "e.g. apt-get install python3.11 python3.11-venv, then: make PYTHON=python3.11"
        )
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(f"Python {PYTHON} lacks its venv module: apt-get install python{PYTHON}-venv")
    state = ROOT / ".run"
    state.mkdir(exist_ok=True)
    with (state / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Written when all is done, so an aborted install is never taken for a whole one.
        stamp = VENV / "installed"
        wanted = f"{PYTHON} {hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()}"
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            install()
            stamp.write_text(wanted)
        shutil.copy(LAUNCHER, VENV / "bin" / "copse")


def install() -> None:
    sys.stderr.write(f"Making .venv from {LOCK_FILE.name} …\n")
    settings = VENV / "pyvenv.cfg"
    of_another_python = settings.exists() and f"version = {PYTHON}." not in settings.read_text()
    run(sys.executable, "-m", "venv", *(["--clear"] if of_another_python else []), str(VENV))
    pip = [
        str(VENV / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
    ]
    run(*pip, "--require-hashes", "-r", str(LOCK_FILE))


def run(*command: str) -> None:
    if subprocess.call(command):
        sys.exit("This failed: " + " ".join(command))


if __name__ == "__main__":
    main()
