"""What delivery asks MongoDB by."""

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, IndexModel

from services.notifications.delivery.layout import DELIVERIES, PREFERENCES, SETTLED, SUBSCRIPTIONS

INDEXES: Mapping[str, Sequence[IndexModel]] = {
    DELIVERIES: [
        # Of these two a notification stands in one at a time, so that the fan-out writes one.
        IndexModel(
            [("channel", ASCENDING), ("next_at", ASCENDING)],
            partialFilterExpression={"state": "queued"},
        ),
        IndexModel(
            [("state", ASCENDING), ("next_at", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression={"state": {"$in": [*SETTLED]}},
        ),
    ],
    PREFERENCES: [],
    SUBSCRIPTIONS: [
        IndexModel(
            [("person_id", ASCENDING), ("category", ASCENDING), ("community_id", ASCENDING)],
            unique=True,
        )
    ],
}
