"""What stands in addresses: plain ids, and where a list in order of time was left off."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path

from services.notifications.model import SLUG
from shared.errors import Malformed

Plain = Annotated[str, Path(pattern=SLUG)]
"""The id of something new."""


def place(after: list[Any] | None) -> tuple[datetime, str] | None:
    """The moment and the id that a cursor stands for."""
    if after is None:
        return None
    try:
        return datetime.fromisoformat(str(after[0])), str(after[1])
    except (ValueError, IndexError):
        raise Malformed("This cursor is not one this list gave out. Start without one.") from None
