"""O10: every route × role × privacy level is asked over HTTP, and answered as the matrix says."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest

from deploy.docs import system
from deploy.docs.authorisation import KERNEL, LEVELS, Entry, matrix, routes
from tests.authorisation.people import World
from tests.authorisation.worlds import MONDAY, build
from tests.support.service import a_service
from tests.unit.resources.little_files import a_pdf

STATUSES = {
    "sign in": {401},
    "refused": {403},
    "hidden": {404},
    "nothing": {404},
    "already": {409},
    "health": {200, 503},
}
"""Of the other words: 2xx and 3xx."""
TELLS_ALL = {"allowed", "shown", "absent"}
DONE = TELLS_ALL | {"in part"}
SERVICES = [service.name for service in system.services()]
ASKED = [(name, role) for name in SERVICES for role in (matrix(name) or matrix(KERNEL))[0].verdicts]
Worlds = Callable[[str], Awaitable[World]]


@pytest.fixture(scope="module")
async def worlds(mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worlds]:
    """Each service, made when it is first asked for, and once for all who ask."""
    made: dict[str, World] = {}
    async with AsyncExitStack() as stack:

        async def world(name: str) -> World:
            if name not in made:
                folder = tmp_path_factory.mktemp(name)
                service = await stack.enter_async_context(a_service(name, mongo, folder))
                service.clock(MONDAY)
                made[name] = World(service)
                await build(name, made[name])
                await made[name].keep()
            return made[name]

        yield world


@pytest.mark.parametrize(("name", "role"), ASKED)
async def test_everybody_gets_what_the_matrix_says(name: str, role: str, worlds: Worlds) -> None:
    world = await worlds(name)
    asked = [
        (entry, level, entry.verdicts[role][LEVELS.index(level)])
        for file in (name, KERNEL)
        for entry in matrix(file)
        if role in entry.verdicts
        for level in _levels(world, entry)
    ]
    changing = [one for one in asked if one[0].method != "GET" and one[2] in DONE]
    wrong = [await _differs(world, role, *one) for one in asked if one not in changing]
    assert await world.is_untouched(), "reading, or what was refused, changed what is stored"
    for one in changing:
        wrong.append(await _differs(world, role, *one))
        await world.is_untouched()  # and the next one finds it as it was
    assert not any(wrong), "\n".join(filter(None, wrong))


@pytest.mark.parametrize("name", SERVICES)
def test_the_matrix_lists_every_route_there_is_and_no_other(name: str) -> None:
    service = next(one for one in system.services() if one.name == name)
    listed = {entry.route for file in (KERNEL, name) for entry in matrix(file)}
    assert sorted(routes(service.app)) == sorted(listed)


@pytest.mark.parametrize("name", SERVICES)
def test_every_refusal_of_the_matrix_stands_in_the_openapi_document(name: str) -> None:
    document = next(one.app for one in system.services() if one.name == name).openapi()
    refused: dict[str, set[int]] = {}
    for entry in (*matrix(KERNEL), *matrix(name)):
        told = {verdict for each in entry.verdicts.values() for verdict in each}
        for verdict in told & {"sign in", "refused", "hidden", "nothing", "already"}:
            refused.setdefault(entry.route, set()).update(STATUSES[verdict])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            route = f"{method.upper()} {path}"
            said = {int(status) for status in operation["responses"]}
            assert refused.get(route, set()) <= said, route
            assert (403 in said) == (403 in refused.get(route, set())), route


def _levels(world: World, entry: Entry) -> tuple[str, ...]:
    """All four, unless nothing in the question tells them apart."""
    asked = {str(_question(world, entry, level)) for level in LEVELS}
    told = {verdict for each in entry.verdicts.values() for verdict in each}
    return LEVELS if len(asked) > 1 or told & {"shown", "absent"} else LEVELS[:1]


def _question(world: World, entry: Entry, level: str, ids: dict[str, str] | None = None) -> Any:
    ids = ids or world.ids[level]
    named = ids | {name: ids.get(value, value) for name, value in entry.params.items()}
    if unknown := set(re.findall(r"{(\w+)}", entry.path)) - named.keys():
        module = f"tests/authorisation/worlds/{world.service.app.runtime.name}.py"
        pytest.fail(f"{entry.route}: no {', '.join(unknown)} to ask for: make one in {module}")
    files = {"file": ("guide.pdf", a_pdf("new"))} if entry.uploads is not None else None
    return {
        "method": entry.method,
        "url": entry.path.format_map(named),
        "params": entry.asks,
        "json": entry.sends,
        "data": entry.uploads,
        "files": files,
    }


async def _differs(world: World, role: str, entry: Entry, level: str, verdict: str) -> str | None:
    """How the answer differs from what the matrix says, if it does."""
    reply = await world.as_role(role).request(**_question(world, entry, level))
    right = STATUSES.get(verdict)
    held = world.ids[level].get(entry.holds or _what_is_listed(world), "none") in reply.text
    why = None
    if not (reply.status_code in right if right else reply.is_success or reply.is_redirect):
        why = f"it is {reply.status_code} {reply.text[:150]}"
    elif verdict not in TELLS_ALL and world.secret(level) in _everything(reply):
        why = "it tells what only those inside may read"
    elif (verdict == "shown" and not held) or (verdict == "absent" and held):
        why = "it is the other way"
    elif verdict == "hidden":
        why = await _tells_it_is_there(world, entry, level, role, reply)
    return why and f"{entry} ({level}, {role}) should be `{verdict}`, but {why}"


def _what_is_listed(world: World) -> str:
    return "resource_id" if "resource_id" in world.ids["open"] else "community_id"


async def _tells_it_is_there(
    world: World, entry: Entry, level: str, role: str, reply: httpx2.Response
) -> str | None:
    """The same question about what never existed must be answered in the same words.

    Who holds a link knows its token, so that stays.
    """
    nowhere = {name: f"nowhere-{number}" for number, name in enumerate(world.ids[level])}
    nowhere |= {"token": world.ids[level].get("token", "")}
    never = await world.as_role(role).request(**_question(world, entry, level, nowhere))
    texts = [_everything(reply), _everything(never)]
    for name in world.ids[level]:
        texts = [
            text.replace(world.ids[level][name], "ID").replace(nowhere[name], "ID")
            for text in texts
        ]
    return None if texts[0] == texts[1] else f"hidden, but {texts[0]} is not {texts[1]}"


def _everything(reply: httpx2.Response) -> str:
    """All that an answer tells, but what differs each time."""
    random = ("x-trace-id", "content-length")
    headers = {name: text for name, text in reply.headers.items() if name not in random}
    return f"{reply.status_code} {headers} {reply.text}"
