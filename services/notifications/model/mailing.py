"""A notification: an inbox item and its mail in one; and what becomes of the mail."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.errors import Refused
from shared.types.clock import Moment

State = Literal["queued", "sending", "sent", "failed", "delivery-unknown", "suppressed"]
Outcome = Literal["sent", "refused", "deferred", "broken", "unknown"]
"""How a try ended: taken, refused for good, refused for now, the connection broke before the
message was on its way, or after: then nobody knows."""

WAITS = [
    *(timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10)),
    *(timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2), timedelta(hours=4)),
    *[timedelta(hours=8)] * 6,
]
"""How long after each try that may be repeated; about two days and a half in all."""
PATIENCE = timedelta(days=7)
"""How long a mail waits for a fact, such as the recipient's address, that is still on its way."""
LOOKS = [0.2, 0.5, 1, 2, 5, 15, 60, 300]
"""Seconds after which a mail that waits for a fact looks for it again."""
TRAIL = 20


class NotToResend(Refused):
    """This mail is not one to send again."""


class Try(BaseModel):
    """One try to send a mail, or a decision not to."""

    model_config = ConfigDict(frozen=True)

    at: Moment
    outcome: str
    detail: str = ""


class Notification(BaseModel):
    """What one person is told, and how far the mail about it is."""

    model_config = ConfigDict(frozen=True)

    notification_id: str
    notice_id: str
    person_id: str
    category: str
    at: Moment
    state: State
    next_at: Moment
    community_id: str | None = None
    meeting_id: str | None = None
    calendar: Literal["invitation", "cancellation"] | None = None
    sequence: int = 0
    read_at: Moment | None = None
    attempts: int = 0
    """Tries that a mail server answered or broke."""
    looks: int = 0
    """How often it waited for a fact."""
    reason: str | None = None
    trail: tuple[Try, ...] = ()


class Next(BaseModel):
    """What a delivery becomes."""

    model_config = ConfigDict(frozen=True)

    state: State
    next_at: Moment
    reason: str | None = None


def after(outcome: Outcome, detail: str, attempts: int, at: datetime) -> Next:
    """What becomes of a mail after a try, its first being attempts=1."""
    match outcome:
        case "sent":
            return Next(state="sent", next_at=at)
        case "refused":
            return Next(state="failed", next_at=at, reason=detail)
        case "unknown":
            return Next(state="delivery-unknown", next_at=at, reason=detail)
        case "deferred" | "broken":
            if attempts > len(WAITS):
                reason = f"given up after {attempts} tries: {detail}"
                return Next(state="failed", next_at=at, reason=reason)
            return Next(state="queued", next_at=at + WAITS[attempts - 1], reason=detail)


def waiting(lack: str, one: Notification, at: datetime) -> Next:
    """What becomes of a mail that lacks a fact: it looks again, for a week at most."""
    if at - one.at > PATIENCE:
        return Next(state="failed", next_at=at, reason=f"waited in vain: {lack}")
    pause = LOOKS[min(one.looks, len(LOOKS) - 1)]
    return Next(state="queued", next_at=at + timedelta(seconds=pause), reason=lack)


def resend(one: Notification, at: datetime) -> Next:
    """Send a mail again because an operator says so. Raises NotToResend."""
    if one.state not in ("failed", "delivery-unknown"):
        raise NotToResend(
            f"Its state is {one.state}; only what failed or is delivery-unknown is sent again."
        )
    return Next(state="queued", next_at=at, reason="sent again by an operator")
