"""The services as processes: which there are, and what each is told."""

import sys
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

import yaml

from deploy.local.keys import jwks
from deploy.local.parts import Parts
from deploy.local.ports import FIRST_SERVICE, HOST
from deploy.local.probe import answers
from deploy.local.processes import READY_SECONDS, Process
from deploy.local.state import ROOT
from deploy.local.tokens import AUDIENCE, ISSUER

PORTS = ROOT / "deploy" / "ports.yaml"
"""Whose port is which: what `make flow` wrote down when a service was new."""
MAIL_FROM = "Copse <copse@example.org>"


def names() -> list[str]:
    """Every folder below services/ with an app.py, in the order of their ports: a new one comes last."""
    return [*usual_ports()]


def usual_ports() -> dict[str, int]:
    """The port of each service: as it is written down; the next ones for those that are new, by name."""
    found = {app.parent.name for app in (ROOT / "services").glob("*/app.py")}
    written: dict[str, int] = yaml.safe_load(PORTS.read_text()) or {}
    ports = {name: port for name, port in written.items() if name in found}
    following = count(max([FIRST_SERVICE - 1, *ports.values()]) + 1)
    return ports | dict(zip(sorted(found.difference(ports)), following, strict=False))


def service(
    name: str,
    folder: Path,
    port: int,
    parts: Parts,
    more: Mapping[str, str],
    *,
    module: Sequence[str] = (),
    replica: str = "",
    limit: float = READY_SECONDS,
) -> Process:
    """`more` are settings beyond those every service has, such as a test's.

    A test may run another module, with arguments, in its place; and replicas, each with a word after its name.
    Whoever has much history to apply gets more seconds than the usual `limit` until it is ready.
    """
    url = address(port)
    smtp_host, smtp_port = parts.smtp
    environment = {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",  # the last lines of a service that died are in its log
        "COPSE_KAFKA": parts.kafka,
        "COPSE_MONGO": parts.mongo,
        "COPSE_HOST": HOST,
        "COPSE_PORT": str(port),
        "COPSE_PUBLIC_URL": url,
        "COPSE_JWKS": str(jwks(folder)),
        "COPSE_ISSUER": ISSUER,
        "COPSE_AUDIENCE": AUDIENCE,
        "COPSE_SMTP_HOST": smtp_host,
        "COPSE_SMTP_PORT": str(smtp_port),
        "COPSE_MAIL_FROM": MAIL_FROM,
    }
    command = [sys.executable, "-m", *(module or [f"services.{name}.app"])]
    ready = f"{url}/readyz"
    return Process(
        name + replica,
        folder,
        command,
        ready=lambda: answers(ready),
        environment={**environment, **more},
        limit=limit,
    )


def address(port: int) -> str:
    return f"http://{HOST}:{port}"
