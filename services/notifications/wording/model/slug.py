"""How rules, templates and categories are called."""

from typing import Annotated

from pydantic import Field

SLUG = r"^[a-z0-9][a-z0-9-]{0,59}$"
Slug = Annotated[str, Field(pattern=SLUG)]
"""Small letters, digits and hyphens: it stands in addresses."""
