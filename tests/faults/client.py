"""A careful client: asks until it is answered, always with the same Idempotency-Key, of whichever replica lives."""

import asyncio
import itertools
import time
import uuid
from typing import Any

import httpx2

from deploy.local.tokens import mint, person_id
from tests.faults.field import Field
from tests.faults.model import Model

PATIENCE = 200.0  # seconds until a command that is never answered is a finding
UNDERWAY = {403, 404}  # a fact that is still on its way to this service
_turns = itertools.count()


class Refused(Exception):
    """An answer that no fault explains."""


class Person:
    """Somebody with a token."""

    def __init__(self, field: Field, model: Model, name: str, *scopes: str) -> None:
        self.address = f"{name}-{uuid.uuid4().hex[:10]}@example.org"
        self.person_id = person_id(self.address)
        self._token = mint(field.folder, self.address, scopes=scopes)
        self._field, self._model = field, model

    async def does(self, method: str, service: str, path: str, body: Any = None) -> Any:
        return await command(
            self._field,
            self._model,
            (method, service, path),
            body,
            {"authorization": f"Bearer {self._token}"},
        )


async def command(
    field: Field,
    model: Model,
    route: tuple[str, str, str],
    body: Any,
    headers: dict[str, str] | None = None,
    *,
    refused: str = "",
) -> Any:
    """Ask until it is acknowledged, or `refused` as this type of problem.

    Refused, and noted in the model, when the answer can never be right.
    """
    method, service, path = route
    told = {"idempotency-key": uuid.uuid4().hex, **(headers or {})}
    began = time.monotonic()
    answer = "nothing"
    while time.monotonic() - began < PATIENCE:
        replicas = field.replicas[service]
        url = replicas[next(_turns) % len(replicas)].url
        try:
            reply = await field.http.request(method, url + path, json=body, headers=told)
        except httpx2.HTTPError as error:
            answer = repr(error)
            await asyncio.sleep(0.1)
            continue
        answer = f"{reply.status_code} {reply.text[:200]}"
        if reply.is_success if not refused else f":{refused}" in reply.text:
            model.commands += 1
            return reply.json() if reply.content else None
        again = reply.status_code >= 500 or reply.status_code in UNDERWAY
        if not (again or "request-in-flight" in reply.text):
            break
        await asyncio.sleep(0.2)
    model.refused.append(f"{method} {service}{path}: {answer}")
    raise Refused(model.refused[-1])
