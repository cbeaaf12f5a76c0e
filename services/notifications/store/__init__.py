"""Where notifications keeps what it knows: the only room that speaks to MongoDB."""

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.notifications.model import State
from services.notifications.store.deliveries import (
    claim,
    deliveries,
    delivery,
    due,
    give_up_on_lapsed,
    record,
    retry_mails_to,
    save_delivery,
    threads_before,
)
from services.notifications.store.fan_out import expand, tell_newcomers
from services.notifications.store.inbox import inbox, inbox_item, mark_read, unread
from services.notifications.store.letters import Letter, community_in_mails, letters
from services.notifications.store.notices import (
    claim_notice,
    finish_notice,
    keep_newcomer,
    keep_notice,
)
from services.notifications.store.preferences import (
    change_preferences,
    choices_of,
    preferences_of,
    save_subscription,
    subscribed,
    subscription,
)
from services.notifications.store.rules import (
    categories,
    category,
    is_rule,
    know_category,
    rule,
    rules,
    rules_for,
    save_category,
    save_rule,
    withdraw_rule,
)
from services.notifications.store.templates import (
    current_version,
    neutral_template,
    save_template,
    template,
    templates,
    versions,
)

SETTLED: tuple[State, ...] = ("sending", "sent", "failed", "delivery-unknown", "suppressed")
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    "people": [],
    "communities": [],
    "memberships": [
        # Whole enough that a fan-out reads nothing but the index.
        IndexModel([(name, ASCENDING) for name in ("community_id", "status", "role", "person_id")])
    ],
    "rhythms": [],
    "meetings": [IndexModel([("community_id", ASCENDING), ("ends_at", ASCENDING)])],
    "answers": [IndexModel([("meeting_id", ASCENDING), ("answer", ASCENDING)])],
    "rules": [],
    "categories": [],
    "templates": [IndexModel([("template_id", ASCENDING), ("version", DESCENDING)])],
    "notices": [
        IndexModel(
            [("noticed_at", ASCENDING), ("sequence", ASCENDING)],
            partialFilterExpression={"state": "open"},
        ),
        IndexModel([("community_id", ASCENDING), ("happened_at", ASCENDING)]),
        IndexModel([("meeting_id", ASCENDING), ("sequence", ASCENDING)]),
    ],
    "joins": [],
    "notifications": [
        IndexModel([("person_id", ASCENDING), ("at", DESCENDING)]),
        # Of the next two a notification stands in one at a time, so that the fan-out writes one.
        IndexModel([("next_at", ASCENDING)], partialFilterExpression={"state": "queued"}),
        IndexModel(
            [("state", ASCENDING), ("next_at", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression={"state": {"$in": [*SETTLED]}},
        ),
    ],
    "preferences": [],
    "subscriptions": [
        IndexModel(
            [("person_id", ASCENDING), ("category", ASCENDING), ("community_id", ASCENDING)],
            unique=True,
        )
    ],
}

__all__ = [
    "INDEXES",
    "Letter",
    "categories",
    "category",
    "change_preferences",
    "choices_of",
    "claim",
    "claim_notice",
    "community_in_mails",
    "current_version",
    "deliveries",
    "delivery",
    "due",
    "expand",
    "finish_notice",
    "give_up_on_lapsed",
    "inbox",
    "inbox_item",
    "is_rule",
    "keep_newcomer",
    "keep_notice",
    "know_category",
    "letters",
    "mark_read",
    "neutral_template",
    "preferences_of",
    "record",
    "retry_mails_to",
    "rule",
    "rules",
    "rules_for",
    "save_category",
    "save_delivery",
    "save_rule",
    "save_subscription",
    "save_template",
    "subscribed",
    "subscription",
    "tell_newcomers",
    "template",
    "templates",
    "threads_before",
    "unread",
    "versions",
    "withdraw_rule",
]
