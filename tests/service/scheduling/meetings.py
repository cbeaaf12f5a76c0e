"""What scheduling tells of meetings."""

from typing import Any


def starts(meetings: list[dict[str, Any]]) -> list[str]:
    return [one["starts_at"] for one in meetings]
