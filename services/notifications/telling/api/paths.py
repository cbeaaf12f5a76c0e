"""What stands in addresses: plain ids."""

from typing import Annotated

from fastapi import Path

from services.notifications.wording.model import SLUG

Plain = Annotated[str, Path(pattern=SLUG)]
"""The id of something new."""
