"""Where telling keeps what it knows of others' facts, its rules, its notices, and who was told of them."""

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, IndexModel

from services.notifications.telling.layout import NOTIFICATIONS
from services.notifications.telling.store.categories import (
    categories,
    category,
    know_category,
    save_category,
)
from services.notifications.telling.store.communities import community_in_mails
from services.notifications.telling.store.fan_out import expand
from services.notifications.telling.store.newcomers import keep_newcomer, tell_newcomers
from services.notifications.telling.store.notices import claim_notice, finish_notice, keep_notice
from services.notifications.telling.store.notifications import read_notification
from services.notifications.telling.store.renderings import renderings
from services.notifications.telling.store.rules import (
    is_rule,
    rule,
    rules,
    rules_for,
    save_rule,
    withdraw_rule,
)

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
    "notices": [
        IndexModel(
            [("noticed_at", ASCENDING), ("sequence", ASCENDING)],
            partialFilterExpression={"state": "open"},
        ),
        IndexModel([("community_id", ASCENDING), ("happened_at", ASCENDING)]),
        IndexModel([("meeting_id", ASCENDING), ("sequence", ASCENDING)]),
    ],
    "joins": [],
    NOTIFICATIONS: [],
}

__all__ = [
    "INDEXES",
    "categories",
    "category",
    "claim_notice",
    "community_in_mails",
    "expand",
    "finish_notice",
    "is_rule",
    "keep_newcomer",
    "keep_notice",
    "know_category",
    "read_notification",
    "renderings",
    "rule",
    "rules",
    "rules_for",
    "save_category",
    "save_rule",
    "tell_newcomers",
    "withdraw_rule",
]
