"""The services as processes: which there are, and what each is told."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.keys import jwks
from deploy.local.parts import Parts
from deploy.local.ports import HOST
from deploy.local.probe import answers
from deploy.local.processes import READY_SECONDS, Process
from deploy.local.state import ROOT
from deploy.local.tokens import AUDIENCE, ISSUER

USUAL = ("membership", "scheduling", "notifications", "resources")
MAIL_FROM = "Copse <copse@example.org>"


def names() -> list[str]:
    """Every folder below services/ with an app.py; a new one comes last, so the others keep their ports."""
    found = {app.parent.name for app in (ROOT / "services").glob("*/app.py")}
    return [*(name for name in USUAL if name in found), *sorted(found.difference(USUAL))]


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
