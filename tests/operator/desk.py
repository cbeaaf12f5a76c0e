"""An operator at a terminal: types `copse …` beside a system at work, and reads what comes."""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from deploy.cli.__main__ import app
from deploy.local.parts import Parts
from deploy.local.system import System
from deploy.local.throwaway import throwaway
from tests.support.parts import start_system
from tests.system.region import TYPES, Region

REQUESTS = "notifications.requests"
REQUEST_TYPE = "copse.notifications.NotificationRequested.v1"


@dataclass(frozen=True)
class Answer:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Desk:
    """Where the operator sits; knows the system only as `copse` itself does."""

    def __init__(self, folder: Path, parts: Parts) -> None:
        self.folder = folder
        self.parts = parts

    @property
    def _where(self) -> dict[str, str]:
        told = {"COPSE_KAFKA": self.parts.kafka, "COPSE_MONGO": self.parts.mongo}
        return {**told, "COPSE_STATE": str(self.folder)}

    async def types(self, *words: str, input: str = "") -> Answer:
        """In this process, which saves the second that Python takes to begin."""
        done = await asyncio.to_thread(
            CliRunner().invoke, app, [*words], input=input, env=self._where
        )
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Answer(done.exit_code, done.stdout, done.stderr)

    async def types_in_a_terminal(self, *words: str) -> Answer:
        process = await self.begins(*words)
        out, err = await process.communicate()
        return Answer(process.returncode or 0, out.decode(), err.decode())

    async def begins(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli", *words),
            env={**os.environ, **self._where},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def done(self, *words: str, input: str = "") -> Any:
        """Type it with --json; it must succeed."""
        answer = await self.types(*words, "--json", input=input)
        assert answer.code == 0, f"{words}: {answer.code}\n{answer.out}\n{answer.err}"
        return answer.json

    async def status_of(self, service: str) -> tuple[dict[str, Any], list[str]]:
        """A service's line of `copse status`, and what is wrong with it."""
        seen = (await self.types("status", "--json")).json
        [one] = [one for one in seen["services"] if one["name"] == service]
        return one, [fault for fault in seen["wrong"] if fault.startswith(f"{service}:")]


@dataclass(frozen=True)
class Work:
    """A system at work, its people, and the operator's desk."""

    system: System
    region: Region
    desk: Desk


@asynccontextmanager
async def at_work(folder: Path, system: System) -> AsyncIterator[Work]:
    parts = system.parts
    region = Region(system.urls, parts.kafka, parts.mailbox, folder, parts.kafka_process)
    async with region.http:
        yield Work(system, region, Desk(folder, parts))


@asynccontextmanager
async def a_system() -> AsyncIterator[Work]:
    """Every service on the machine's own clock, with the community types in it."""
    with throwaway() as folder, await asyncio.to_thread(start_system, folder) as system:
        async with at_work(folder, system) as work:
            for file in sorted(TYPES.glob("*.yaml")):
                kind = yaml.safe_load(file.read_text())
                path = f"/community-types/{file.stem}"
                await work.region.operator.does("PUT", "membership", path, json=kind)
            yield work


def a_request(people: Iterable[str], subject: str, **wrong: Any) -> dict[str, Any]:
    """A CloudEvent of another system; `wrong` replaces fields of its data."""
    request_id = f"request-{uuid.uuid4().hex[:8]}"
    data = {"audience": {"people": [*people]}, "subject": subject, "text": "Do read."}
    return {
        "specversion": "1.0",
        "id": request_id,
        "source": "/example/training",
        "type": REQUEST_TYPE,
        "subject": request_id,
        "time": "2026-11-20T09:00:00Z",
        "data": {"request_id": request_id, **data, **wrong},
    }


def headers(event: dict[str, Any]) -> list[tuple[str, bytes]]:
    return [("content-type", b"application/cloudevents+json"), ("ce_type", event["type"].encode())]
