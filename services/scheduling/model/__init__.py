"""The rules of when people meet; pure: no clock, no database, no broker."""

from services.scheduling.model.answers import Answers, Status, Wish
from services.scheduling.model.details import Details
from services.scheduling.model.meeting import Meeting
from services.scheduling.model.rhythm import Rhythm
from services.scheduling.model.schedule import HORIZON, Schedule
from services.scheduling.model.standing import MembersOnly, Standing
from services.scheduling.model.wish import LONGEST
from services.scheduling.model.wish import Wish as MeetingWish

__all__ = [
    "HORIZON",
    "LONGEST",
    "Answers",
    "Details",
    "Meeting",
    "MeetingWish",
    "MembersOnly",
    "Rhythm",
    "Schedule",
    "Standing",
    "Status",
    "Wish",
]
