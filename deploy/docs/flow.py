"""docs/flow.md: who tells whom what, drawn from the tables of handlers."""

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from deploy.docs import system
from deploy.docs.system import OUTSIDE, Service
from shared.events.event import Document, Event

HEAD = """\
# Who tells whom what

<!-- Drawn from the code by `make flow`. Do not edit: change the handlers, then draw it anew. -->

Services never call each other. A service publishes what is now true to a **topic** of Kafka, in the same
transaction that made it true; every other service that cares reads it there, in its own time. On the left
of the picture stands who publishes, on the right who listens: the same services, seen from their two sides.
"""
LEGEND = """\
## Event by event

A handler in *italics* only keeps a local copy of the fact (`@on.projection`); the others react: they decide,
save, and may publish in turn (`@on`). All stand in `services/<name>/handlers`, or a slice's, the events in
`shared/contracts/<owner>.py`. A rule is data of notifications: see [who is told](#who-is-told).
"""
RULES = """\
## Who is told

Every event passes the rules of notifications. These came with the software (`services/notifications/telling/rules/`); operators
change them and add others while everything runs.

| Event | Rule | Whom it tells |
|---|---|---|
"""
TIME = """\
## As time passes

| Service | How often | What | |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, "```mermaid\n" + picture() + "```\n", LEGEND]
    parts += [_section(topic) for topic in system.topics()]
    parts.append(RULES + "".join(map(_rule, _rules())))
    parts.append(TIME + "".join(_chores()))
    return "\n".join(parts)


def picture() -> str:
    """Publishers → topics → listeners, as a Mermaid flowchart."""
    lines = ["flowchart LR"]
    lines += ["    subgraph publish [who publishes]", f"        out_others([{OUTSIDE}])"]
    speaking = {name for topic in system.topics() for name in publishers(topic)}
    lines += [f"        {_box('out', one)}" for one in system.services() if one.name in speaking]
    lines += ["    end", "    subgraph topics [topics of Kafka]"]
    lines += [f"        {_id(topic)}[/{topic}/]" for topic in system.topics()]
    lines += ["    end", "    subgraph listen [who listens]"]
    lines += [
        f"        {_box('in', service)}" for service in system.services() if service.on.topics
    ]
    lines += ["    end"]
    for topic in system.topics():
        lines += [f"    {_side('out', name)} --> {_id(topic)}" for name in publishers(topic)]
        lines += [f"    {_id(topic)} --> in_{service.name}" for service in listeners(topic)]
    return "\n".join(lines) + "\n"


def publishers(topic: str) -> list[str]:
    """Who publishes to a topic; a topic without contracts is for others."""
    events = system.events_of(topic)
    found = {system.publisher(event) for event in events} if events else {OUTSIDE}
    return sorted(name for name in found if name)


def listeners(topic: str) -> list[Service]:
    return [service for service in system.services() if topic in service.on.topics]


def _section(topic: str) -> str:
    events = system.events_of(topic)
    declared = system.topics()[topic]
    by = " and ".join(publishers(topic)) or "nobody yet"
    key = f"key `{events[0].key_field}`" if events else "key: the event's `subject`"
    lines = [f"### {topic}\n", f"Published by {by} · {key} · {system.kept(declared)}.\n"]
    watching = [
        f"**{service.name}** `{watcher.__name__}`"
        for service in listeners(topic)
        for watcher in service.on.watchers
    ]
    if watching:
        lines.append(f"Every event, whatever its type, also reaches {', '.join(watching)}.\n")
    if events:
        lines += ["| Event | What is now true | Handled by |", "|---|---|---|"]
        lines += [_row(event) for event in events]
        lines.append("")
    return "\n".join(lines)


def _row(event: type[Event]) -> str:
    handled = " · ".join([*_handled(event), *_told(event)]) or "–"
    return f"| `{event.__name__}` | {system.doc(event)} | {handled} |"


def _handled(event: type[Event]) -> Iterator[str]:
    for service in system.services():
        handlers = service.on.handlers.get(event.type)
        if handlers:
            copies = [f"*{_name(one)}*" for one in handlers.projections]
            yield f"**{service.name}** " + ", ".join(
                [*copies, *(f"`{_name(one)}`" for one in handlers.reactions)]
            )


def _told(event: type[Event]) -> Iterator[str]:
    """The built-in rules of notifications that an event meets."""
    if found := [f"`{rule['rule_id']}`" for rule in _rules() if rule["event"] == event.type]:
        yield f"rule {', '.join(found)}"


def _chores() -> Iterator[str]:
    for service in system.services():
        for chore in service.on.chores:
            minutes = chore.seconds / 60
            often = f"{minutes:g} min" if minutes >= 2 else f"{chore.seconds:g} s"
            yield f"| {service.name} | {often} | `{chore.name}` | {system.doc(chore.work)} |\n"
        for lifespan in service.on.lifespans:
            yield f"| {service.name} | as long as it runs | `{_name(lifespan)}` | {system.doc(lifespan)} |\n"


def _rules() -> Iterator[Document]:
    """The built-in rules of notifications, as their files have them."""
    for file in sorted((system.ROOT / "services/notifications/telling/rules").glob("*.yaml")):
        yield from (rule for rule in yaml.safe_load(file.read_text()) if "event" in rule)


def _rule(rule: Document) -> str:
    known = system.events()
    event = known[rule["event"]].__name__ if rule["event"] in known else rule["event"]
    whom = ", ".join(_whom(how, who) for how, who in rule["audience"].items())
    return f"| `{event}` | `{rule['rule_id']}` | {whom} |\n"


def _whom(how: str, who: str | bool | list[str]) -> str:
    words = how.replace("_", " ")
    if isinstance(who, bool):
        return words
    return f"{words} `{who}`" if isinstance(who, str) else f"{words} {' or '.join(who)}"


def _name(function: Callable[..., Any]) -> str:
    return function.__name__


def _box(side: str, service: Service) -> str:
    purpose = service.purpose.split(":")[0].rstrip(".").replace('"', "'")
    return f'{side}_{service.name}["<b>{service.name}</b><br/>{purpose}"]'


def _side(side: str, name: str) -> str:
    return f"{side}_others" if name == OUTSIDE else f"{side}_{name}"


def _id(topic: str) -> str:
    return topic.replace(".", "_").replace("-", "_")
