"""Where delivery keeps how far each is, and what people wish."""

from services.notifications.delivery.store.claims import (
    Takes,
    assign,
    claim,
    due,
    give_up_on_lapsed,
    record,
    retry_deliveries_to,
    unrouted,
)
from services.notifications.delivery.store.deliveries import deliveries, delivery, save_delivery
from services.notifications.delivery.store.indexes import INDEXES
from services.notifications.delivery.store.pending import look_up
from services.notifications.delivery.store.preferences import (
    change_preferences,
    preferences_of,
    save_subscription,
    subscribed,
    subscription,
)

__all__ = [
    "INDEXES",
    "Takes",
    "assign",
    "change_preferences",
    "claim",
    "deliveries",
    "delivery",
    "due",
    "give_up_on_lapsed",
    "look_up",
    "preferences_of",
    "record",
    "retry_deliveries_to",
    "save_delivery",
    "save_subscription",
    "subscribed",
    "subscription",
    "unrouted",
]
