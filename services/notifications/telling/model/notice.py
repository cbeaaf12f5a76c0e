"""A notice: one rule applied to one event. It waits to be told to everybody it concerns."""

import hashlib
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.notifications.telling.model.audience import Recipients
from shared.events.cloudevents import Envelope

Calendar = Literal["invitation", "cancellation"]


class Notice(BaseModel):
    """One event that is to be told by one rule; it becomes a notification for each recipient."""

    model_config = ConfigDict(frozen=True)

    notice_id: str
    rule_id: str
    category: str
    template: str
    template_version: int
    recipients: Recipients
    community_id: str | None = None
    meeting_id: str | None = None
    calendar: Calendar | None = None
    newcomers: bool = False
    fresh: bool = True
    """Not so: it happened long ago. Invitations are noted for what follows, and nobody is told."""
    fresh_days: int = 7
    happened_at: AwareDatetime
    noticed_at: AwareDatetime
    sequence: int = 0
    traceparent: str | None = None
    event: str
    """The event's attributes and data as JSON: whatever systems send, it can be kept."""

    def source_event(self) -> Envelope[dict[str, Any]]:
        """The event this notice is about."""
        return Envelope[dict[str, Any]].model_validate_json(self.event)

    def includes(self, joined_at: datetime) -> bool:
        """Whether somebody who joined then is to be told as well."""
        return self.newcomers or joined_at <= self.happened_at

    def is_fresh_for(self, joined_at: datetime, at: datetime) -> bool:
        """Whether it is news for who joined then: the event or the joining is."""
        return at - max(joined_at, self.happened_at) <= timedelta(days=self.fresh_days)


def identify(notice_id: str, person_id: str) -> str:
    """The id of one person's notification: the same whenever it is asked for.

    Those of a notice begin alike, so that they stand together in the index.
    """
    return notice_id + hashlib.blake2b(person_id.encode(), digest_size=8).hexdigest()
