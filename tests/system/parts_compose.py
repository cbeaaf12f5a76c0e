"""The composed system under test: where it is, whom it trusts, and Kafka's container to stop and start.

Started before by docker compose --env-file deploy/compose/test.env up --build --wait
"""

import os
import subprocess
from functools import cache
from pathlib import Path
from subprocess import CalledProcessError

ROOT = Path(__file__).parents[2]
SETTINGS = Path("deploy", "compose", "test.env")
SERVICES = ("membership", "scheduling", "notifications", "resources")


def port(name: str) -> int:
    lines = (ROOT / SETTINGS).read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return int({**told, **os.environ}[f"COPSE_PORT_{name.upper()}"])


def copy_keys(folder: Path) -> None:
    """The key that signs tokens, as `deploy.local.tokens.mint` reads it."""
    compose("cp", "keys:/var/lib/copse/keys", str(folder))


class Container:
    """A container of the composed system, in the words of `deploy.local.processes.Process`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def stop(self) -> None:
        compose("stop", self.name)

    def start(self) -> None:
        """Return when it is healthy."""
        compose("up", "--wait", "--no-deps", "--no-recreate", self.name)


def compose(*arguments: str) -> None:
    _run(*_command(), "--env-file", str(SETTINGS), *arguments)


@cache
def _command() -> tuple[str, ...]:
    try:
        _run("docker", "compose", "version")
    except CalledProcessError:
        return ("docker-compose",)
    return ("docker", "compose")


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
