"""The rules of when people meet; pure: no clock, no database, no broker."""

from services.scheduling.model.answers import Answers, Status, Wish
from services.scheduling.model.meeting import Details, Meeting
from services.scheduling.model.rhythm import Rhythm
from services.scheduling.model.schedule import NOTICE_DAYS, Schedule
from services.scheduling.model.standing import Standing
from services.scheduling.model.wish import Wish as MeetingWish
from services.scheduling.model.words import Line

__all__ = [
    "NOTICE_DAYS",
    "Answers",
    "Details",
    "Line",
    "Meeting",
    "MeetingWish",
    "Rhythm",
    "Schedule",
    "Standing",
    "Status",
    "Wish",
]
