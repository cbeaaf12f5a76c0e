"""A mailbox for everything the system sends: takes mail by SMTP, shows it in a browser, never passes it on.

It speaks the part of Mailpit's HTTP API that tests read, so tests run against either.
"""

import sys
from pathlib import Path

from deploy.local.ports import HOST
from deploy.local.probe import answers
from deploy.local.processes import Process
from deploy.local.state import ROOT


def process(folder: Path, smtp_port: int, web_port: int) -> Process:
    command = [
        sys.executable,
        "-m",
        "deploy.local.mailbox",
        str(folder / "mails"),
        str(smtp_port),
        str(web_port),
    ]
    ready = f"http://{HOST}:{web_port}/readyz"
    return Process(
        "mailbox",
        folder,
        command,
        ready=lambda: answers(ready),
        environment={"PYTHONPATH": str(ROOT)},
    )
