"""Whether, and how often, a delivery is tried; pure: no clock, no database, no connection."""

from services.notifications.delivery.model.pending import Pending, links_for, require_deliverable
from services.notifications.delivery.model.preferences import Preferences, Scope, Subscription
from services.notifications.delivery.model.transitions import (
    TRAIL,
    NotToResend,
    Outcome,
    Transition,
    Undeliverable,
    after,
    resend,
    waiting,
)

__all__ = [
    "TRAIL",
    "NotToResend",
    "Outcome",
    "Pending",
    "Preferences",
    "Scope",
    "Subscription",
    "Transition",
    "Undeliverable",
    "after",
    "links_for",
    "require_deliverable",
    "resend",
    "waiting",
]
