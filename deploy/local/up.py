"""From nothing, or from whatever still runs, to a system at work and a table that says where."""

import importlib
import json
import time
from collections.abc import Callable, Container
from pathlib import Path

from rich import box
from rich.table import Table

from deploy.local import ports, services
from deploy.local.parts import NAMES, Parts, end_all
from deploy.local.probe import get
from deploy.local.processes import running_in
from deploy.local.state import PORTS, ROOT
from deploy.local.system import System, run

Rows = list[tuple[str, str]]

PORTS_OF = {"kafka": ("kafka", "kafka_controller"), "mailbox": ("smtp", "mailbox")}
REGION = "deploy.region"


def up(folder: Path, tell: Callable[[str], None]) -> Table:
    began = time.monotonic()
    on, lived = _ports(folder), running_in(folder)
    ports.require_free({name: on[name] for name in _ports_of_the_dead(lived)})
    (folder / PORTS).write_text(json.dumps(dict(on), indent=2))
    try:
        system = System.start(folder, on, tell=tell)
        rows = _region(system, tell)
    except BaseException:
        end_all(folder, but=lived)
        raise
    tell(f"Ready after {time.monotonic() - began:.0f} s.")
    return _table(system, rows)


def parts_alone(folder: Path) -> Parts:
    """Kafka, MongoDB and the mailbox where `up` will find them; no service."""
    on, lived = _ports(folder), running_in(folder)
    dead = [name for name in NAMES if name not in lived]
    ports.require_free({port: on[port] for name in dead for port in PORTS_OF.get(name, (name,))})
    (folder / PORTS).write_text(json.dumps(dict(on), indent=2))
    return Parts.start(folder, on)


def _ports(folder: Path) -> ports.Ports:
    """Where something still runs, it keeps the ports it was started on."""
    recorded = folder / PORTS
    on = dict(ports.chosen(services.usual_ports()))
    if recorded.exists() and running_in(folder):
        on.update(json.loads(recorded.read_text()))
    return on


def _ports_of_the_dead(lived: Container[str]) -> list[str]:
    dead = [name for name in (*NAMES, *services.names()) if name not in lived]
    return [port for name in dead for port in PORTS_OF.get(name, (name,))]


def _region(system: System, tell: Callable[[str], None]) -> Rows:
    """Loaded through the services' public doors, like anybody's; loading again changes nothing."""
    if not (ROOT / "deploy" / "region" / "__main__.py").exists():
        return []
    tell("Loading the region …")
    urls = {f"COPSE_URL_{name.upper()}": url for name, url in system.urls.items()}
    run(REGION, COPSE_KAFKA=system.parts.kafka, COPSE_STATE=str(system.folder), **urls)
    summary = getattr(importlib.import_module(REGION), "summary", None)
    return summary(system.urls) if summary else []


def _table(system: System, region: Rows) -> Table:
    mails = json.loads(get(f"{system.parts.mailbox}/api/v1/messages?limit=1")[1])["messages_count"]
    table = Table(title="Copse", title_justify="left", show_header=False, box=box.SIMPLE)
    for section in (
        [(name, f"{url}/docs") for name, url in system.urls.items()],
        [
            ("Mailbox", system.parts.mailbox),
            ("Kafka", system.parts.kafka),
            ("MongoDB", system.parts.mongo),
        ],
        [("A token", ".venv/bin/copse token ann@example.org [--role operator]")],
        [*region, ("Mails sent", str(mails))],
    ):
        for name, value in section:
            table.add_row(name, value)
        table.add_section()
    return table
