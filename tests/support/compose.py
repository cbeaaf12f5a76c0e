"""The composed system under test: where it is, whom it trusts, and Kafka's container to stop and start.

Started before by docker compose --env-file deploy/compose/test.env up --build --wait
With COMPOSE_FILE=docker-compose.yml:deploy/compose.secure.yml:deploy/compose/compose.test.yml, for both, Kafka asks who one is.
"""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

from pydantic import SecretStr

from deploy.local.services import names
from shared.runtime.settings import KafkaSettings

ROOT = Path(__file__).parents[2]
SETTINGS = Path("deploy", "compose", "test.env")
SECURE = "compose.secure.yml" in os.environ.get("COMPOSE_FILE", "")
SERVICES = tuple(names())


def port(name: str) -> int:
    lines = (ROOT / SETTINGS).read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return int({**told, **os.environ}[f"COPSE_PORT_{name.upper()}"])


def copy_keys(folder: Path) -> None:
    """The key that signs tokens, as `deploy.local.tokens.mint` reads it."""
    compose("cp", "keys:/var/lib/copse/keys", str(folder))


def kafka_access(folder: Path, user: str) -> dict[str, Any]:
    """What lets this user in; nothing where Kafka asks for nothing."""
    if not SECURE:
        return {}
    return KafkaSettings(kafka_user=user, kafka_password=password(folder, user)).kafka_access()


def password(folder: Path, user: str) -> SecretStr:
    """As the operator of another system finds it."""
    file = folder / f"{user}.password"
    if not file.exists():
        compose("cp", f"keys:/run/copse/{user}/copse_kafka_password", str(file))
    return SecretStr(file.read_text())


def why_no_kcat() -> str:
    """Why kcat cannot take part here; empty when it can.

    librdkafka before 2.6.1 repeats its nonce, which Kafka 4 refuses (librdkafka #4895).
    """
    if not shutil.which("kcat"):
        return "kcat is not installed (apt-get install kcat)"
    said = subprocess.run(["kcat", "-V"], capture_output=True, text=True, check=True).stdout
    version = tuple(map(int, re.findall(r"librdkafka (\d+)\.(\d+)\.(\d+)", said)[0]))
    if SECURE and version < (2, 6, 1):
        return f"kcat with librdkafka {version} cannot sign in by SCRAM: 2.6.1 or later can"
    return ""


def settings_of_kcat(folder: Path, user: str) -> Path:
    """A file of kcat's settings, for its variable KCAT_CONFIG."""
    file = folder / "kcat.conf"
    access = kafka_access(folder, user)
    file.write_text(
        f"security.protocol={access['security_protocol']}\n"
        f"sasl.mechanism={access['sasl_mechanism']}\n"
        f"sasl.username={user}\n"
        f"sasl.password={access['sasl_plain_password']}\n"
    )
    return file


class Container:
    """A container of the composed system, in the words of `deploy.local.processes.Process`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def stop(self) -> None:
        compose("stop", self.name)

    def start(self) -> None:
        """Return when it is healthy."""
        compose("up", "--wait", "--no-deps", "--no-recreate", self.name)

    def crash(self) -> None:
        """Kill its first process as a crash would; `docker kill` would count as a wish that it stays down."""
        pid = int(self.state("{{.State.Pid}}"))
        assert pid, f"{self.name} does not run"
        kill = f"import os; os.kill({pid}, 9)"
        killer = ("--pid=host", "--user=0:0", "--network=none", "--entrypoint=python")
        _run("docker", "run", "--rm", *killer, "copse:local", "-c", kill)

    def restarts(self) -> int:
        return int(self.state("{{.RestartCount}}"))

    def healthy(self) -> bool:
        return self.state("{{.State.Health.Status}}") == "healthy"

    def state(self, template: str) -> str:
        [id] = compose("ps", "--all", "--quiet", self.name).split()
        return _run("docker", "inspect", "--format", template, id).strip()


def compose(*arguments: str) -> str:
    """What docker compose says on stdout."""
    return _run(*_command(), "--env-file", str(SETTINGS), *arguments)


@cache
def _command() -> tuple[str, ...]:
    try:
        _run("docker", "compose", "version")
    except CalledProcessError:
        return ("docker-compose",)
    return ("docker", "compose")


def _run(*command: str) -> str:
    done = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )
    return done.stdout
