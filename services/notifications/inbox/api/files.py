"""Calendar entries to download."""

from typing import Any

from fastapi import Response

CALENDAR: dict[int | str, dict[str, Any]] = {200: {"content": {"text/calendar": {}}}}
"""What the OpenAPI document says of such an answer."""


def as_file(part: tuple[str, bytes]) -> Response:
    """A calendar object with its iTIP method, as a file that calendar programs open."""
    method, calendar = part
    return Response(
        calendar,
        media_type=f"text/calendar; method={method}",
        headers={"content-disposition": 'attachment; filename="invite.ics"'},
    )
