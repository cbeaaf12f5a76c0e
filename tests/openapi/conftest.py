"""Each service on a real socket over a real MongoDB, with something in it to ask for."""

import asyncio
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal

from deploy.docs.authorisation import LEVELS
from tests.authorisation.people import World
from tests.authorisation.worlds import build
from tests.support.service import a_service, token

ASKERS = (
    ("fay", ("copse:operator",)),
    ("fay", ()),
    ("ann", ("copse:operator",)),
    ("stan", ()),
)
"""A facilitator, who may be an operator too; a member who is one; a stranger."""


class Door:
    """A service's address, real ids to ask for, and tokens to ask with."""

    def __init__(self, portal: BlockingPortal, world: World, address: str) -> None:
        self._portal, self._world, self._address = portal, world, address
        self._session = requests.Session()
        self._last = ""

    def ask(self, case: Any) -> None:
        """Send what schemathesis thought of, half of it about something that is there."""
        if case.operation.label != self._last:
            self._portal.call(self._world.is_untouched)  # all is as at the beginning again
            self._last = case.operation.label
        said = (case.method, case.path_parameters, case.query, case.body, dict(case.headers))
        chance = zlib.crc32(repr(said).encode(errors="replace"))  # the same for the same case
        for name in case.path_parameters:
            if found := self._names(name)[: chance % 8]:
                case.path_parameters[name] = found[-1]
        person, scopes = ASKERS[chance // 8 % len(ASKERS)]
        claims = {"name": person, "email": f"{person}@example.org"}
        signed = {"authorization": f"Bearer {token(person, scopes=scopes, **claims)}"}
        case.call_and_validate(base_url=self._address, session=self._session, headers=signed)

    def close(self) -> None:
        self._session.close()

    def _names(self, parameter: str) -> list[str]:
        """What there is under a path's parameter, in four communities."""
        kept = self._world.ids
        usual = {"type_id": "group-leads", "person_id": "mia", "rule_id": "welcome"}
        usual |= {
            "template_id": "welcome",
            "category": "meetings",
            "id": kept["open"].get("message", "x"),
        }
        alias = {"token": "token" if "token" in kept["open"] else "community feed"}
        found = [kept[level].get(alias.get(parameter, parameter), "") for level in LEVELS]
        return [one for one in found if one] or ([usual[parameter]] if parameter in usual else [])


@contextmanager
def _opened(name: str, mongo: str, folder: Path) -> Iterator[Door]:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(a_service(name, mongo, folder)) as service,
    ):
        world = World(service)
        portal.call(build, name, world)
        portal.call(world.keep)
        settings = uvicorn.Config(
            service.app, port=0, lifespan="off", log_config=None, access_log=False
        )
        server = uvicorn.Server(settings)
        serving = portal.start_task_soon(server.serve)
        portal.call(_until, lambda: server.started)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        door = Door(portal, world, f"http://{host}:{port}")
        yield door
        door.close()
        server.should_exit = True
        serving.result(timeout=10)
        portal.call(service.close)


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def doors(mongo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Door]]:
    """One service after the other."""
    opened: dict[str, tuple[Any, Door]] = {}

    def door(name: str) -> Door:
        if name not in opened:
            close()
            holder = _opened(name, mongo, tmp_path_factory.mktemp(name))
            opened[name] = holder, holder.__enter__()
        return opened[name][1]

    def close() -> None:
        while opened:
            opened.popitem()[1][0].__exit__(None, None, None)

    yield door
    close()


EXAMPLES = int(os.environ.get("COPSE_OPENAPI_EXAMPLES", "4"))
