"""What notifications takes from anyone: the wish that somebody be told something."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.event import Event
from shared.types.fields import Texts


class Audience(BaseModel):
    """Who is to be told: people by id, or a community's members, or those with a role in it."""

    model_config = ConfigDict(frozen=True)

    people: Texts = ()
    community_id: str | None = None
    roles: Texts = ()

    @model_validator(mode="after")
    def _somebody(self) -> "Audience":
        if not self.people and self.community_id is None:
            raise ValueError("name `people` or a `community_id`")
        return self


class NotificationEvent(Event, topic="notifications.requests", key="request_id"):
    request_id: str


class NotificationRequested(NotificationEvent):
    """A system outside asks that an audience be told something."""

    audience: Audience
    subject: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=20_000)
    category: str = "announcement"
    action_url: str | None = Field(default=None, pattern=r"^https?://")
    action_label: str | None = Field(default=None, max_length=80)
