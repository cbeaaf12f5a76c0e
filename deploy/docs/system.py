"""What there is: services with their handlers, topics with their events, and who publishes what."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from fastapi import FastAPI

import shared.contracts
from deploy.topics.declared import Topic, declared
from shared.consuming.handlers import Handlers
from shared.events.event import EVENTS, Event
from shared.runtime.settings import Settings

ROOT = Path(__file__).parents[2]
OUTSIDE = "other systems"
"""Who publishes what no service does."""


@dataclass(frozen=True)
class Service:
    """A service as it is wired; nothing runs."""

    name: str
    purpose: str
    app: FastAPI
    on: Handlers
    publishes: Sequence[type[Event]]
    settings: type[Settings]


@cache
def services() -> tuple[Service, ...]:
    """Every folder below services/ with an app.py, by name."""
    return tuple(_service(app.parent.name) for app in sorted((ROOT / "services").glob("*/app.py")))


def _service(name: str) -> Service:
    package = importlib.import_module(f"services.{name}")
    wired = importlib.import_module(f"services.{name}.app").service
    purpose = (package.__doc__ or "").strip().splitlines()
    app = wired.build(wired.settings())
    about = purpose[0] if purpose else ""
    return Service(name, about, app, wired.on, wired.publishes, wired.settings)


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
    """The owner, if it says that it publishes the event; other systems, where a service exists but does not."""
    owner = event.type.split(".")[1]
    known = {service.name: service for service in services()}
    if owner not in known:
        return None
    return owner if event in known[owner].publishes else OUTSIDE


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
