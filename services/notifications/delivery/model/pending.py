"""A notification that is to be delivered, and whether it may go now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifications.delivery.model.preferences import Preferences
from services.notifications.delivery.model.transitions import (
    Transition,
    Undeliverable,
    waiting,
)
from services.notifications.telling.model import Notification, Rendering
from services.notifications.wording.model import Message, Template


@dataclass(frozen=True, slots=True)
class Pending:
    """A notification with everything that its delivery depends on, as it was at one moment."""

    rendering: Rendering
    chosen: Preferences
    before: Sequence[Notification]
    """What the same person was told of the same meeting before, the oldest first."""
    links: dict[str, str]
    """Where `message` and `preferences` are opened without signing in."""
    neutral: Template
    looked_at: float
    """By the monotonic clock."""

    @property
    def notification(self) -> Notification:
        return self.rendering.notification

    def message(self) -> Message:
        """What may be said outside Copse. Problem if the template cannot be filled in."""
        if self.rendering.is_confidential:
            return self.rendering.neutral_message(self.links, self.neutral)
        return self.rendering.message(self.links)


def require_deliverable(pending: Pending, at: datetime) -> None:
    """Raise Undeliverable if the person does not want it, or something must be known or sent first."""
    notification, rendering = pending.notification, pending.rendering
    if why := pending.chosen.refuse(notification.category, notification.community_id):
        raise Undeliverable(Transition(state="suppressed", next_at=at, reason=why))
    lack = None
    if rendering.notice.community_id and rendering.known.community is None:
        lack = "the community is not known yet"
    elif any(earlier.state in ("queued", "sending") for earlier in pending.before):
        lack = "an earlier mail about the same meeting goes first"
    if lack:
        raise Undeliverable(waiting(lack, notification, at))


def links_for(public_url: str, token: str, notification_id: str) -> dict[str, str]:
    """Where a message's links lead; they open without signing in."""
    base = public_url.rstrip("/")
    return {
        "message": f"{base}/messages/{token}/{notification_id}",
        "preferences": f"{base}/unsubscribe/{token}",
    }
