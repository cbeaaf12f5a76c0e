"""A route's body is one transaction; the response leaves after the commit."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any, cast

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from shared import replies
from shared.auth import authenticate
from shared.clock import within_reach
from shared.database import Database
from shared.errors import Busy, Changed, Malformed, TooLarge
from shared.telemetry import origin_of
from shared.transaction import Transaction

SAFE = {"GET", "HEAD", "OPTIONS"}
BODY_LIMIT = 1_000_000
UPLOAD_LIMIT = 30_000_000
UPLOAD_SECONDS = 120

_uploads = asyncio.Semaphore(3)  # at once; each may hold several times UPLOAD_LIMIT

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def _transaction(request: Request) -> Transaction:
    return request.state.tx


Tx = Annotated[Transaction, Depends(_transaction)]


class TransactionalRoute(APIRoute):
    """Runs the endpoint, its dependencies included, in one transaction that may run twice."""

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()
        upload = any(
            field.field_info.annotation is not None
            and "UploadFile" in str(field.field_info.annotation)
            for field in self.dependant.body_params
        )

        async def handle(request: Request) -> Response:
            database: Database = request.app.state.database
            if request.method in SAFE:
                request.state.tx = tx = database.reading(origin_of(database))
                return _with_etag(request, await inner(request), tx)
            if database.outbox_full:
                raise Busy("Too many events wait for Kafka. Try again in a minute.")
            if not upload:
                return await _command(request, await _whole_body(request, BODY_LIMIT), inner)
            await authenticate(request)  # before a stranger may fill the memory
            async with _uploads:
                return await _command(request, await _uploaded(request), inner)

        return handle


async def _command(request: Request, body: bytes, inner: Handler) -> Response:
    database: Database = request.app.state.database

    async def run(record: replies.Record | None) -> Response:
        async def work(tx: Transaction) -> Response:
            again = Request(request.scope, _replaying(body))  # a retry reads the body anew
            again.state.tx = tx
            tx.expected_version = _expected(request)
            response = _with_etag(request, await inner(again), tx)
            if record:
                await record(tx, response)
            return response

        return await database.transact(work, origin_of(database))

    return await replies.once(database, request, body, run)


class Router(APIRouter):
    """FastAPI's router with transactional routes."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(route_class=TransactionalRoute, **settings)


async def _uploaded(request: Request) -> bytes:
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            return await _whole_body(request, UPLOAD_LIMIT)
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


def _expected(request: Request) -> int | None:
    tag = request.headers.get("if-match")
    if tag in (None, "*"):
        return None
    number = tag.strip('"').removeprefix("v")
    if not _is_number(number):
        raise Changed("If-Match must be an ETag this service gave out.")
    return int(number)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


def _with_etag(request: Request, response: Response, tx: Transaction) -> Response:
    """ETag: an aggregate's version, else a hash of the answer; 304 where the client has it (RFC 9110)."""
    if response.status_code >= 300 or not isinstance(getattr(response, "body", None), bytes):
        return response
    if request.method in SAFE:
        response.headers.setdefault("cache-control", "private, no-cache")
        response.headers.setdefault("vary", "authorization")
        if "etag" not in response.headers:
            digest = hashlib.sha256(response.body).hexdigest()[:20]
            response.headers["etag"] = f'"v{tx.version}"' if tx.version else f'"{digest}"'
        known = request.headers.get("if-none-match", "")
        if response.headers["etag"] in [tag.strip().removeprefix("W/") for tag in known.split(",")]:
            kept = ("etag", "cache-control", "vary")
            return Response(status_code=304, headers={k: response.headers[k] for k in kept})
    elif tx.version:
        response.headers["etag"] = f'"v{tx.version}"'
    return response


# Lists


class Page(BaseModel):
    """How much of a list, from where: `?limit=` and the `next` of the page before."""

    limit: int
    after: list[Any] | None

    def position(self, *types: type) -> tuple[Any, ...] | None:
        """What the cursor holds: exactly these types, a datetime as its ISO text. Malformed otherwise."""
        if self.after is None:
            return None
        if len(self.after) != len(types):
            raise Malformed(BAD_CURSOR)
        return tuple(_as(kind, value) for kind, value in zip(types, self.after, strict=True))


BAD_CURSOR = "This cursor is not one this list gave out. Start without a cursor."


def _as(kind: type, value: Any) -> Any:
    if kind is datetime and isinstance(value, str):
        try:
            moment = within_reach(datetime.fromisoformat(value))
        except ValueError:
            raise Malformed(BAD_CURSOR) from None
        if moment.tzinfo is not None:
            return moment
    elif type(value) is kind and not (kind is int and abs(value) >= 2**63):
        return value
    raise Malformed(BAD_CURSOR)


def _page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
    mark: Annotated[
        str | None, Query(alias="cursor", description="The `next` of the page before.")
    ] = None,
) -> Page:
    return Page(limit=limit, after=_open(mark, request.url.path) if mark else None)


Paging = Annotated[Page, Depends(_page)]


def cursor(path: str, *position: Any) -> str:
    """An opaque mark of where a list of this path was left off."""
    return base64.urlsafe_b64encode(orjson.dumps([path, *position])).decode().rstrip("=")


def _open(text: str, path: str) -> list[Any]:
    try:
        found: Any = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if isinstance(found, list) and found[0] == path:
            return cast("list[Any]", found[1:])
    except (ValueError, IndexError):
        pass
    raise Malformed(BAD_CURSOR)
