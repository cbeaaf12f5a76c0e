"""A route's body is one transaction; the response leaves after the commit."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.errors import Busy, TooLarge
from shared.http import idempotency
from shared.http.auth import authenticate
from shared.http.etag import SAFE, expected_version, with_etag
from shared.http.serving import serving
from shared.storage.unit_of_work import Transaction
from shared.types.limits import BODY_BYTES, UPLOAD_BYTES, UPLOAD_SECONDS, UPLOADS_AT_ONCE

_uploads = asyncio.Semaphore(UPLOADS_AT_ONCE)  # at once; each may hold several times UPLOAD_BYTES

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _transaction(request: Request) -> Transaction:
    return request.state.tx


Tx = Annotated[Transaction, Depends(_transaction)]


class TransactionalRoute(APIRoute):
    """Runs the endpoint, its dependencies included, in one transaction that may run twice."""

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()
        calls = [*_calls(self.dependant)]
        if of_a_thread := [call.__name__ for call in calls if _runs_in_a_thread(call)]:
            raise TypeError(
                f"{self.path}: make {', '.join(of_a_thread)} async: no thread is needed"
            )
        signed = authenticate in calls
        upload = any(
            field.field_info.annotation is not None
            and "UploadFile" in str(field.field_info.annotation)
            for field in self.dependant.body_params
        )

        async def handle(request: Request) -> Response:
            database = serving(request).database
            if request.method in SAFE:
                request.state.tx = tx = database.reading(database.origin())
                return with_etag(request, await inner(request), tx)
            if database.outbox_full:
                raise Busy("Too many events wait for Kafka. Try again in a minute.")
            if signed or upload:
                # Before a stranger may fill the memory, and others wait for an issuer that does not answer.
                await authenticate(request)
            if not upload:
                return await command(request, await _whole_body(request, BODY_BYTES), inner)
            async with _uploads:
                return await command(request, await _uploaded(request), inner, by_itself=True)

        return handle


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """The endpoint, and all that it depends on."""
    if dependant.call:
        yield dependant.call
    for wanted in dependant.dependencies:
        yield from _calls(wanted)


def _runs_in_a_thread(call: Callable[..., Any]) -> bool:
    """As FastAPI decides it; that costs more than any of ours does."""
    method = getattr(call, "__call__", None)  # noqa: B004 - of an object that can be called
    return not (inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(method))


async def command(
    request: Request, body: bytes, inner: Handler, *, by_itself: bool = False
) -> Response:
    database = serving(request).database
    lane_key = None if by_itself else _lane_key(request)
    database.require_room(lane_key)  # before anything is written down of it

    async def run(record: idempotency.Record | None) -> Response:
        async def work(tx: Transaction) -> Response:
            again = Request(request.scope, _replaying(body))  # a retry reads the body anew
            again.state.tx = tx
            tx.expected_version = expected_version(request)
            response = with_etag(request, await inner(again), tx)
            if record:
                await record(tx, response)
            return response

        return await database.command(work, lane_key)

    return await idempotency.once(database, request, body, run)


def _lane_key(request: Request) -> str | None:
    """Commands whose paths name the same first, as /meetings/{meeting_id}/rsvp a meeting, wait for each other: it is what they
    change, or what they would have to read alike."""
    return next((str(value) for value in request.path_params.values()), None)


class Router(APIRouter):
    """FastAPI's router with transactional routes."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(route_class=TransactionalRoute, **settings)


async def _uploaded(request: Request) -> bytes:
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            return await _whole_body(request, UPLOAD_BYTES)
    except TimeoutError:  # who sends slowly keeps others from sending at all
        raise Busy(f"The file took longer than {UPLOAD_SECONDS} s. Send it again.") from None


async def _whole_body(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"The body may have {limit:,} bytes at most.")
        chunks.append(chunk)
    return b"".join(chunks)


def _replaying(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
