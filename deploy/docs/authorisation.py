"""docs/authorisation.md: who may what, as services/*/authorisation.yaml say it and the tests hold it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from deploy.docs import system

FOLDER = system.ROOT / "tests" / "authorisation"
KERNEL = "kernel"
"""The doors that every service has: a file beside the tests, as it is of no service."""


class UnclearMatrix(ValueError):
    """The matrix cannot be read: which file and line of thought, and why."""


@dataclass(frozen=True)
class Entry:
    """What everybody gets who asks one thing."""

    method: str
    path: str
    about: str
    verdicts: dict[str, tuple[str, ...]]
    """Role → a word for each privacy level."""
    params: dict[str, str] = field(default_factory=dict[str, str])
    asks: dict[str, str] = field(default_factory=dict[str, str])
    sends: Any = None
    uploads: dict[str, str] | None = None
    holds: str = ""
    """What a list that `shown` and `absent` speak of may hold."""

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"

    def __str__(self) -> str:
        return f"{self.route}{' — ' if self.about else ''}{self.about}"


@cache
def words(kind: str) -> dict[str, str]:
    """The `verdicts`, `roles` or privacy `levels` there are, each with what it means."""
    return yaml.safe_load((FOLDER / "words.yaml").read_text())[kind]


LEVELS = tuple(words("levels"))


def place(name: str) -> Path:
    """The file in which a matrix stands."""
    if name == KERNEL:
        return FOLDER / f"{name}.yaml"
    return system.ROOT / "services" / name / "authorisation.yaml"


@cache
def matrix(name: str) -> tuple[Entry, ...]:
    """The matrix of a service, or of the kernel. UnclearMatrix where it leaves anything open."""
    file = place(name)
    if not file.exists():
        return ()  # it may answer nothing of its own
    said: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text())
    entries = tuple(_entry(f"{name}: {title}", title, dict(told)) for title, told in said.items())
    roles = {role for entry in entries for role in entry.verdicts}
    for entry in entries:
        if missing := roles - set(entry.verdicts):
            raise UnclearMatrix(f"{name}: {entry} leaves out {', '.join(sorted(missing))}")
    return entries


def _entry(where: str, title: str, told: dict[str, Any]) -> Entry:
    route, _, about = title.partition(" -- ")
    method, _, path = route.partition(" ")
    fields: dict[str, Any] = {
        name: told.pop(given)
        for name, given in {"params": "with", "asks": "asks", "sends": "sends"}.items()
        if given in told
    }
    fields |= {name: told.pop(name) for name in ("uploads", "holds") if name in told}
    verdicts: dict[str, tuple[str, ...]] = {}
    for group, verdict in told.items():
        each: tuple[str, ...] = (verdict,) * 4 if isinstance(verdict, str) else tuple(verdict)
        if len(each) != len(LEVELS) or set(each) - set(words("verdicts")):
            raise UnclearMatrix(f"{where}: {group}: {verdict} is no verdict")
        for role in group.split(", "):
            if role not in words("roles") or role in verdicts:
                raise UnclearMatrix(f"{where}: {role} is no role, or stands twice")
            verdicts[role] = each
    return Entry(method=method, path=path, about=about, verdicts=verdicts, **fields)


def routes(app: FastAPI) -> dict[str, str]:
    """Every route a service answers, as `GET /path`, with the first sentence said of it."""
    found: dict[str, str] = {}
    for one in iter_route_contexts(app.routes):
        for method in sorted(_methods(one)):
            found[f"{method} {one.path}"] = _sentence(getattr(one, "description", "") or "")
    return found


def _methods(one: object) -> set[str]:
    """HEAD goes with GET. A route without methods is a mount or a socket, and is listed as that."""
    methods = cast("set[str] | None", getattr(one, "methods", None)) or {"ANY"}
    return methods - {"HEAD"} if "GET" in methods else methods


def _sentence(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


def page() -> str:
    """The whole matrix, for operators and auditors. UnclearMatrix that names the routes of which it says nothing."""
    for service in system.services():
        listed = {entry.route for file in (KERNEL, service.name) for entry in matrix(file)}
        if unlisted := sorted(routes(service.app).keys() - listed):
            file = place(service.name).relative_to(system.ROOT)
            raise UnclearMatrix(
                f"{file}: say for every role what it gets of {', '.join(unlisted)}; "
                "the words are those of tests/authorisation/words.yaml"
            )
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Who may what"
    yield ""
    yield "Drawn by `make flow` from `services/*/authorisation.yaml`. `tests/authorisation` asks every service"
    yield "each line of it over HTTP, for every role and privacy level; a route that is not listed fails there."
    yield "A refusal changes nothing that is stored."
    yield ""
    for kind, title in {"verdicts": "verdict", "roles": "role", "levels": "privacy"}.items():
        yield f"| {title} | what it means |"
        yield "|---|---|"
        yield from (f"| {word} | {meaning} |" for word, meaning in words(kind).items())
        yield ""
    apps = {service.name: (service.purpose, service.app) for service in system.services()}
    some_app = next(iter(apps.values()))[1]
    yield from _table(KERNEL, "Doors that every service has.", routes(some_app))
    for name, (purpose, app) in apps.items():
        yield from _table(name, purpose, routes(app))


def _table(name: str, purpose: str, said: dict[str, str]) -> Iterator[str]:
    yield f"## {name.capitalize()}"
    yield ""
    yield purpose
    yield ""
    yield f"| what | who | {' | '.join(LEVELS)} |"
    yield "|---|---|---|---|---|---|"
    for entry in matrix(name):
        what = f"`{entry.route}`{f' — {entry.about}' if entry.about else ''}"
        if sentence := said.get(entry.route, ""):
            what += f"<br>{sentence}"
        for group, verdict in _groups(entry).items():
            yield f"| {what} | {group} | {' | '.join(verdict)} |"
            what = ""
    yield ""


def _groups(entry: Entry) -> dict[str, tuple[str, ...]]:
    """Roles that get the same, together; in the order of the words."""
    by_verdict: dict[tuple[str, ...], list[str]] = {}
    for role in words("roles"):
        if role in entry.verdicts:
            by_verdict.setdefault(entry.verdicts[role], []).append(role)
    return {", ".join(roles): verdict for verdict, roles in by_verdict.items()}
