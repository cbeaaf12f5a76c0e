"""What becomes of a delivery: after an attempt, while a fact is lacking, when an operator decides."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.notifications.delivery.layout import TROUBLED
from services.notifications.telling.model import Notification, State
from shared.errors import Refused

Outcome = Literal["sent", "refused", "deferred", "broken", "unknown"]
"""How an attempt ended: taken, refused for good, refused for now, the connection broke before the
message was on its way, or after: then nobody knows."""

WAITS = [
    *(timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10)),
    *(timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2), timedelta(hours=4)),
    *[timedelta(hours=8)] * 6,
]
"""How long after each attempt that may be repeated; about two days and a half in all."""
PATIENCE = timedelta(days=7)
"""How long a mail waits for a fact, such as the recipient's address, that is still on its way."""
LOOKS = [0.2, 0.5, 1, 2, 5, 15, 60, 300]
"""Seconds after which a mail that waits for a fact looks for it again."""
TRAIL = 20
"""How many attempts are kept of each."""


class NotToResend(Refused):
    """This mail is not one to send again."""


class Undeliverable(Exception):
    """Something is not to be sent, or not now; the transition says what becomes of it."""

    def __init__(self, transition: "Transition") -> None:
        super().__init__(transition.reason)
        self.transition = transition


class Transition(BaseModel):
    """What a delivery becomes."""

    model_config = ConfigDict(frozen=True)

    state: State
    next_at: AwareDatetime
    reason: str | None = None


def after(outcome: Outcome, detail: str, attempts: int, at: datetime) -> Transition:
    """What becomes of a mail after an attempt, its first being attempts=1."""
    match outcome:
        case "sent":
            return Transition(state="sent", next_at=at)
        case "refused":
            return Transition(state="failed", next_at=at, reason=detail)
        case "unknown":
            return Transition(state="delivery-unknown", next_at=at, reason=detail)
        case "deferred" | "broken":
            if attempts > len(WAITS):
                reason = f"given up after {attempts} tries: {detail}"
                return Transition(state="failed", next_at=at, reason=reason)
            return Transition(state="queued", next_at=at + WAITS[attempts - 1], reason=detail)


def waiting(lack: str, notification: Notification, at: datetime) -> Transition:
    """What becomes of a mail that lacks a fact: it looks again, for a week at most."""
    if at - notification.at > PATIENCE:
        return Transition(state="failed", next_at=at, reason=f"waited in vain: {lack}")
    pause = LOOKS[min(notification.looks, len(LOOKS) - 1)]
    return Transition(state="queued", next_at=at + timedelta(seconds=pause), reason=lack)


def resend(notification: Notification, at: datetime) -> Transition:
    """Send a mail again because an operator says so. Raises NotToResend."""
    if notification.state not in TROUBLED:
        raise NotToResend(
            f"Its state is {notification.state}; only what failed or is delivery-unknown is sent again."
        )
    return Transition(state="queued", next_at=at, reason="sent again by an operator")
