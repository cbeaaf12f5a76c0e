"""A notification: what one person is told; an item of their inbox and what is delivered to them, in one."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.notifications.telling.layout import State
from services.notifications.telling.model.notice import Calendar


class Attempt(BaseModel):
    """One attempt to deliver something, or a decision not to."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    outcome: str
    detail: str = ""


class Notification(BaseModel):
    """What one person is told, and how far its delivery is."""

    model_config = ConfigDict(frozen=True)

    notification_id: str
    notice_id: str
    person_id: str
    category: str
    at: AwareDatetime
    state: State
    next_at: AwareDatetime
    community_id: str | None = None
    meeting_id: str | None = None
    calendar: Calendar | None = None
    sequence: int = 0
    read_at: AwareDatetime | None = None
    channel: str | None = None
    """What it is delivered by; None where nobody needs to decide, as there is one channel only."""
    attempts: int = 0
    """Attempts that a server answered or broke."""
    looks: int = 0
    """How often it waited for a fact."""
    reason: str | None = None
    trail: tuple[Attempt, ...] = ()
    """The last attempts, the first first."""
