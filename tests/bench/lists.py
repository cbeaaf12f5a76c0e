"""A list of fifty of a service at work, beside bare FastAPI that returns the same JSON from the same query."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from deploy.local import ports, services
from deploy.local.probe import answers
from deploy.local.processes import Process
from deploy.local.system import run
from deploy.local.tokens import mint
from tests.bench.growing.copies import alone
from tests.bench.growing.resources import LISTED, sharing
from tests.bench.rows import Row, ratio
from tests.bench.world import Bench, Stopwatch

ASKED, AT_ONCE = 800, 8
PERSON = "fay@example.org"


async def rows(bench: Bench) -> list[Row]:
    await _share(bench)
    with TemporaryDirectory() as name:
        folder = Path(name)
        await asyncio.to_thread(run, "deploy.topics", "apply", COPSE_KAFKA=bench.parts.kafka)
        on = ports.free(["service", "bare"])
        ours = services.service("resources", folder, on["service"], bench.parts, {})
        bare = Process(
            "bare",
            folder,
            [sys.executable, "-m", "tests.bench.bare_list", str(on["bare"]), bench.parts.mongo],
            ready=lambda: answers(f"http://127.0.0.1:{on['bare']}/openapi.json"),
        )
        token = mint(folder, PERSON)
        async with (
            _page(ours, on["service"], token) as mine,
            _page(bare, on["bare"], token) as other,
        ):
            shown, beside = [(await page.get(LISTED)).json() for page in (mine, other)]
            assert len(shown["items"]) == 50
            assert shown["items"] == beside["items"], "they must answer the same"
            return [await ratio("a list of 50", lambda: _rate(mine), lambda: _rate(other))]


async def _share(bench: Bench) -> None:
    """What the service itself wrote, laid where its process looks."""
    async with alone(bench, "resources") as service:
        fill = await sharing(service, PERSON)
        await fill(4)
        client: Any = service.database.client
        for name in ("communities", "memberships", "resources"):
            documents = await service.database[name].find({}).to_list(None)
            await client["resources"][name].insert_many(documents)


async def _rate(page: httpx2.AsyncClient) -> float:
    async def reader() -> None:
        for _ in range(ASKED // AT_ONCE):
            reply = await page.get(LISTED)
            assert reply.status_code == 200, reply.text

    with Stopwatch() as watch:
        await asyncio.gather(*[reader() for _ in range(AT_ONCE)])
    return ASKED / watch.seconds


@asynccontextmanager
async def _page(process: Process, port: int, token: str) -> AsyncIterator[httpx2.AsyncClient]:
    await asyncio.to_thread(process.start)
    try:
        headers = {"authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=url, headers=headers) as client:
            yield client
    finally:
        await asyncio.to_thread(process.stop)
