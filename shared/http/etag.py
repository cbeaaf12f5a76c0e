"""ETag, If-Match and If-None-Match (RFC 9110, 8.8.3 and 13)."""

import hashlib

from fastapi import Request, Response

from shared.errors import Changed
from shared.storage.unit_of_work import Transaction

SAFE = {"GET", "HEAD", "OPTIONS"}


def expected_version(request: Request) -> int | None:
    tag = request.headers.get("if-match")
    if tag in (None, "*"):
        return None
    number = tag.strip('"').removeprefix("v")
    if not _is_number(number):
        raise Changed(
            'If-Match must be an ETag such as "v7", as answers about what you may change bear it; '
            "others are for If-None-Match only."
        )
    return int(number)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


def with_etag(request: Request, response: Response, tx: Transaction) -> Response:
    """ETag: an aggregate's version where the route says so, else a hash of the answer; 304 where the client has it (RFC 9110)."""
    if response.status_code >= 300 or not isinstance(getattr(response, "body", None), bytes):
        return response
    if request.method in SAFE:
        response.headers.setdefault("cache-control", "private, no-cache")
        response.headers.setdefault("vary", "authorization")
        if "etag" not in response.headers:
            digest = hashlib.sha256(response.body).hexdigest()[:20]
            response.headers["etag"] = f'"v{tx.etag}"' if tx.etag else f'"{digest}"'
        known_tags = request.headers.get("if-none-match", "")
        if response.headers["etag"] in [
            tag.strip().removeprefix("W/") for tag in known_tags.split(",")
        ]:
            kept = ("etag", "cache-control", "vary")
            return Response(status_code=304, headers={k: response.headers[k] for k in kept})
    elif tx.etag:
        response.headers["etag"] = f'"v{tx.etag}"'
    return response
