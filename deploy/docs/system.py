"""What there is: services with their handlers, topics with their events, and who publishes what."""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from fastapi import FastAPI

import shared.contracts
from deploy.topics.declared import Topic, declared
from shared.consuming.handlers import Handlers
from shared.events.event import EVENTS, Event

ROOT = Path(__file__).parents[2]
OUTSIDE = "other systems"
"""Who publishes what no service does."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Service:
    """A service as it is wired; nothing runs."""

    name: str
    purpose: str
    app: FastAPI
    on: Handlers


@cache
def services() -> tuple[Service, ...]:
    """Every folder below services/ with an app.py, by name."""
    return tuple(_service(app.parent.name) for app in sorted((ROOT / "services").glob("*/app.py")))


def _service(name: str) -> Service:
    package = importlib.import_module(f"services.{name}")
    app = importlib.import_module(f"services.{name}.app").app
    purpose = (package.__doc__ or "").strip().splitlines()
    return Service(name, purpose[0] if purpose else "", app, app.state.on)


def events() -> dict[str, type[Event]]:
    """Every event of the contracts, by its type; those of tests are left out."""
    package = shared.contracts.__name__ + "."
    mine = [event for event in EVENTS.values() if event.__module__.startswith(package)]
    return {event.type: event for event in sorted(mine, key=lambda event: event.type)}


@cache
def topics() -> dict[str, Topic]:
    """Every topic of topics.yaml, dead letters left out."""
    return {topic.name: topic for topic in declared(1) if not topic.name.endswith(".dead")}


def events_of(topic: str) -> list[type[Event]]:
    """The events of a topic, in the order of the contract."""
    return [
        event for event in EVENTS.values() if event.topic == topic and event in events().values()
    ]


def publisher(event: type[Event]) -> str | None:
    """The owner, if its model speaks of the event; other systems, where a service exists but is silent."""
    owner = event.type.split(".")[1]
    if owner not in {service.name for service in services()}:
        return None
    return owner if event.__name__ in _spoken_by(owner) else OUTSIDE


@cache
def _spoken_by(service: str) -> frozenset[str]:
    folder = ROOT / "services" / service
    files = [*folder.glob("model.py"), *folder.glob("model/**/*.py")]
    return frozenset(name for file in files for name in spoken(ast.parse(file.read_text())))


def spoken(tree: ast.AST) -> Iterator[str]:
    """Names that code uses, other than to say what type something has."""
    skipped: list[ast.AST | None] = []
    if isinstance(tree, Function):
        skipped.append(tree.returns)
    elif isinstance(tree, ast.arg | ast.AnnAssign):
        skipped.append(tree.annotation)
    elif isinstance(tree, ast.Name):
        yield tree.id
    for child in ast.iter_child_nodes(tree):
        if child not in skipped:
            yield from spoken(child)


def kept(topic: Topic) -> str:
    """How long a topic keeps its events, in words."""
    if topic.settings["cleanup.policy"] == "compact":
        return "the newest of each key is kept"
    milliseconds = int(topic.settings["retention.ms"])
    return "everything is kept" if milliseconds < 0 else f"kept {milliseconds // 86_400_000} days"


def doc(thing: object) -> str:
    """The first paragraph of a docstring, as one line."""
    text = cast("str | None", getattr(thing, "__doc__", None)) or ""
    return " ".join(text.strip().split("\n\n")[0].split())
