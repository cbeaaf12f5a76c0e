"""Categories: what kinds of messages there are, and what each says of why it came."""

from pydantic import BaseModel, ConfigDict, Field

from services.notifications.model.rule import Slug


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
