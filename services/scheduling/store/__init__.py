"""Where rhythms, meetings and answers are kept."""

from pymongo import IndexModel

from services.scheduling.store.communities import name_of, standing_in
from services.scheduling.store.feeds import read_feed, rotate_personal_feed
from services.scheduling.store.meetings import (
    announce_due,
    answer,
    change_meeting,
    free_seats,
    meeting,
    meetings_from,
    no_such_meeting,
    schedule_meeting,
)
from services.scheduling.store.schedules import (
    choose_rhythm,
    end_rhythm,
    extend_due,
    give_notice,
    open_schedule,
    rotate_community_feed,
    schedule,
)

INDEXES = {
    "communities": [],
    "memberships": [IndexModel([("person_id", 1), ("status", 1)])],
    "schedules": [
        IndexModel([("next_on", 1)]),
        IndexModel([("feed_token", 1)], unique=True),
    ],
    "meetings": [
        IndexModel([("community_id", 1), ("starts_at", 1), ("_id", 1)]),
        IndexModel([("status", 1), ("announced_at", 1), ("announce_at", 1)]),
    ],
    "feeds": [IndexModel([("token_hash", 1)], unique=True)],
}

__all__ = [
    "INDEXES",
    "announce_due",
    "answer",
    "change_meeting",
    "choose_rhythm",
    "end_rhythm",
    "extend_due",
    "free_seats",
    "give_notice",
    "meeting",
    "meetings_from",
    "name_of",
    "no_such_meeting",
    "open_schedule",
    "read_feed",
    "rotate_community_feed",
    "rotate_personal_feed",
    "schedule",
    "schedule_meeting",
    "standing_in",
]
