"""A service is data: importing one has no effect, and what it publishes is what it says."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import Depends

from deploy.docs import system
from shared.consuming.handlers import Handlers
from shared.events.cloudevents import Origin
from shared.events.event import Event
from shared.http.router import Router
from shared.runtime.runtime import running
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.storage.database import Database
from shared.storage.unit_of_work import Undeclared

NAMES = [service.name for service in system.services()]
LOOKING = """
import logging, os, sys
handlers = [*logging.root.handlers]
import email_validator, faststream, motor, fastapi  # what libraries do is theirs
special = [*email_validator.SPECIAL_USE_DOMAIN_NAMES]
os.environ["COPSE_PORT"] = "no number"  # whoever reads it ends the process
import services.{name}.app as app
assert logging.root.handlers == handlers, "it set up logging"
assert email_validator.SPECIAL_USE_DOMAIN_NAMES == special, "it changed a library"
import threading
assert threading.active_count() == 1, "it began something"
assert app.service.name == "{name}"
"""


@pytest.mark.parametrize("name", NAMES)
def test_importing_a_service_has_no_effect(name: str) -> None:
    code = LOOKING.replace("{name}", name)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def used_names(tree: ast.AST) -> Iterator[str]:
    """Names that code uses, other than to say what type something has."""
    types: list[ast.AST | None] = []
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        types.append(tree.returns)
    elif isinstance(tree, ast.arg | ast.AnnAssign):
        types.append(tree.annotation)
    elif isinstance(tree, ast.Name):
        yield tree.id
    for child in ast.iter_child_nodes(tree):
        if child not in types:
            yield from used_names(child)


@pytest.mark.parametrize("service", system.services(), ids=lambda service: service.name)
def test_what_a_service_publishes_is_what_its_model_constructs(service: system.Service) -> None:
    own = {e.__name__ for e in system.events().values() if e.type.split(".")[1] == service.name}
    folder = system.ROOT / "services" / service.name
    models = [
        file
        for file in folder.rglob("*.py")
        if "model" in {Path(part).stem for part in file.relative_to(folder).parts}
    ]
    used = {name for file in models for name in used_names(ast.parse(file.read_text()))}
    assert {event.__name__ for event in service.publishes} == own & used


class BookEvent(Event, topic="library.books", key="book_id"):
    book_id: str


class Noted(BookEvent):
    """A book is known."""


class Unheard(BookEvent):
    """Nobody says that it is published."""


def library() -> Service[Settings]:
    return Service("library", Router(), Handlers("library"), settings=Settings, publishes=(Noted,))


def test_what_is_not_declared_cannot_be_emitted() -> None:
    app = library().build(Settings())
    tx = app.runtime.database.reading(Origin("/copse/library"))
    tx.emit(Noted(book_id="1"), 1)
    with pytest.raises(Undeclared, match=r"library\.Unheard"):
        tx.emit(Unheard(book_id="1"), 1)


def test_each_build_has_parts_of_its_own() -> None:
    service = library()
    one, other = (service.build(Settings(public_url=f"http://{n}.example")) for n in "ab")
    assert one.runtime.settings != other.runtime.settings
    assert one.runtime.database is not other.runtime.database


def test_settings_of_another_kind_are_named() -> None:
    class Others(Settings):
        """Settings that this service was not built with."""

    app = library().build(Settings())
    request = type("Request", (), {"app": app})()
    assert running(request, Settings).settings is app.runtime.settings
    with pytest.raises(TypeError, match="library was built with other settings than Others"):
        running(request, Others)


def test_a_database_that_says_nothing_of_events_takes_all() -> None:
    tx = Database("mongodb://127.0.0.1:1/", "any").reading(Origin("/any"))
    tx.emit(Unheard(book_id="1"), 1)
    assert tx.emitted == 1


def test_a_route_that_would_run_in_a_thread_is_refused_by_its_name() -> None:
    router = Router()

    def who() -> str:
        return "ann"

    async def read(name: Annotated[str, Depends(who)]) -> str:
        return name

    with pytest.raises(TypeError, match="/me: make who async"):
        router.add_api_route("/me", read)
    with pytest.raises(TypeError, match="/who: make who async"):
        router.add_api_route("/who", who)
