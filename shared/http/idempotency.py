"""Idempotency-Key: a command that is sent again gets the first reply, and is done once."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bson.binary import Binary
from fastapi import Request, Response
from pymongo.errors import DuplicateKeyError

from shared.errors import Invalid, Malformed, Refused
from shared.events.event import new_id
from shared.http.auth import authenticate
from shared.storage.database import Database
from shared.storage.layout import IDEMPOTENCY_KEYS
from shared.storage.unit_of_work import Transaction
from shared.types.clock import machine
from shared.types.limits import CLAIM_SECONDS, IDEMPOTENCY_HOURS

Record = Callable[[Transaction, Response], Awaitable[None]]
KEPT = timedelta(hours=IDEMPOTENCY_HOURS)
CLAIM = timedelta(seconds=CLAIM_SECONDS)  # after this a claim is taken for that of a dead process


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key came with another request."""


class RequestInFlight(Refused):
    """The same request is being worked on."""


async def once(
    database: Database,
    request: Request,
    body: bytes,
    run: Callable[[Record | None], Awaitable[Response]],
) -> Response:
    """Run a command, or answer as the first time. A key holds for 24 hours, per caller and path.

    The reply is kept in the command's own transaction. A command that was refused leaves nothing,
    so that it may be sent again. Rules: draft-ietf-httpapi-idempotency-key-header.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return await run(None)
    if not 1 <= len(key) <= 255:
        raise Malformed("Idempotency-Key must have 1 to 255 characters.")
    signed = "authorization" in request.headers
    person_id = (await authenticate(request)).person_id if signed else ""
    path = f"{request.url.path}?{request.url.query}"  # under whichever name a replica was called
    id = _digest(f"{key}\n{person_id}\n{request.method}\n{path}".encode())
    fingerprint = _digest(_without_boundary(request, body))
    claim = new_id()
    claimed = {"claim": claim, "fingerprint": fingerprint, "until": machine() + CLAIM}
    commands = database[IDEMPOTENCY_KEYS]
    try:
        await commands.update_one(
            {"_id": id, "status": None, "until": {"$lt": machine()}}, {"$set": claimed}, upsert=True
        )
    except DuplicateKeyError:
        kept = await commands.find_one({"_id": id})
        if kept and kept["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused("Its body was another one. Use a new key.") from None
        if not kept or kept["status"] is None:
            raise RequestInFlight("Wait for its answer, or try again in a minute.") from None
        headers = {**kept["headers"], "idempotency-replayed": "true"}
        return Response(bytes(kept["body"]), kept["status"], headers)

    async def record(tx: Transaction, response: Response) -> None:
        kept = {
            **claimed,
            "until": machine() + KEPT,
            "status": response.status_code,
            "headers": {k: v for k, v in response.headers.items() if k != "content-length"},
            "body": Binary(bytes(response.body)),
        }
        if not await tx.claim(IDEMPOTENCY_KEYS, {"_id": id, "claim": claim}, {"$set": kept}):
            raise RequestInFlight("It took too long, and was sent again meanwhile.")

    try:
        return await run(record)
    except BaseException:
        await commands.delete_one({"_id": id, "claim": claim, "status": None})
        raise


def _without_boundary(request: Request, body: bytes) -> bytes:
    """A form sent again has another boundary between its parts, and is the same form."""
    _, separator, boundary = request.headers.get("content-type", "").partition("boundary=")
    return body.replace(boundary.strip('"').encode(), b"") if separator and boundary else body


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
