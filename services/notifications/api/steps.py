"""The one thing to do next, as a message says it."""

from pydantic import BaseModel

from services.notifications.model import Message


class Step(BaseModel):
    """What it is called, and where it is done."""

    label: str
    url: str

    @classmethod
    def of(cls, told: Message) -> "Step | None":
        """None where there is nothing to do, or nowhere to do it."""
        if not (told.action_label and told.action_url):
            return None
        return cls(label=told.action_label, url=told.action_url)
