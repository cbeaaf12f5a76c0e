"""Categories: what kinds of messages there are, and what each says of why it came."""

import re

from pydantic import BaseModel, ConfigDict, Field

from services.notifications.wording.model import SLUG, Slug
from shared.errors import Invalid


class NoCategory(Invalid):
    """This cannot be the name of a category."""


def require_category_name(category: str) -> str:
    """A category that another system names. Raises NoCategory if it cannot be one."""
    if not re.fullmatch(SLUG, category):
        raise NoCategory("category: use small letters, digits and hyphens, as in training-places.")
    return category


class Category(BaseModel):
    """A kind of message that people may choose not to get by mail.

    The reason names no community, so that it may stand in every mail.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: Slug
    title: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=300)

    @classmethod
    def plain(cls, category: str) -> "Category":
        """A category that a rule or a system named first; operators may describe it better."""
        title = category.replace("-", " ").capitalize()
        reason = f"You get this because of a notice of the kind “{title}” that includes you."
        return cls(category=category, title=title, reason=reason)
