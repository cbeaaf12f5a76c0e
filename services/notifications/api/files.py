"""Calendar entries to download."""

from fastapi import Response


def as_file(part: tuple[str, bytes]) -> Response:
    """A calendar object with its iTIP method, as a file that calendar programs open."""
    method, calendar = part
    return Response(
        calendar,
        media_type=f"text/calendar; method={method}",
        headers={"content-disposition": 'attachment; filename="invite.ics"'},
    )
