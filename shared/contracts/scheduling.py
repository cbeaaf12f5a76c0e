"""What scheduling publishes: rhythms, meetings, and who comes."""

from datetime import time
from typing import Literal

from shared.events.event import Event
from shared.types.clock import Moment
from shared.types.fields import Texts

Format = Literal["in-person", "online", "hybrid"]


class RhythmEvent(Event, topic="scheduling.rhythms", key="community_id"):
    community_id: str


class RhythmChosen(RhythmEvent):
    """A community meets in this rhythm from now on."""

    frequency: Literal["weekly", "monthly"]
    interval: int
    weekdays: Texts
    nth: int | None
    local_time: time
    zone: str
    minutes: int
    format: Format
    description: str
    """In words, e.g. "every month on the second Tuesday, 14:00 Europe/London"."""
    feed_url: str
    """The community's calendar, as an address to subscribe to."""
    chosen_by: str


class RhythmEnded(RhythmEvent):
    """A community has no rhythm any longer; meetings that members know of stay."""


class MeetingEvent(Event, topic="scheduling.meetings", key="meeting_id"):
    meeting_id: str
    community_id: str


class MeetingDescribed(MeetingEvent, abstract=True):
    """What a meeting is; each event tells all of it, so that a calendar entry needs no other."""

    uid: str
    """The iCalendar UID; never changes (RFC 5545, 3.8.4.7)."""
    revision: int
    """The iCalendar SEQUENCE; grows on time, place and cancel (RFC 5546, 2.1.4)."""
    title: str
    starts_at: Moment
    ends_at: Moment
    zone: str
    format: Format
    venue: str | None = None
    join_url: str | None = None
    seats: int | None = None
    status: Literal["confirmed", "cancelled"] = "confirmed"
    updated_at: Moment | None = None
    """When this revision came to be: a calendar entry's DTSTAMP."""


class MeetingScheduled(MeetingDescribed):
    """A community will meet."""


class MeetingAnnounced(MeetingDescribed):
    """A meeting has come within the community's notice time: members are invited now."""


class MeetingMoved(MeetingDescribed):
    """A meeting has another time or place."""


class MeetingRedescribed(MeetingDescribed):
    """A meeting has another title or number of seats; time and place stay."""


class MeetingCancelled(MeetingDescribed):
    """A meeting will not take place."""

    reason: str


class MeetingWithdrawn(MeetingEvent):
    """A meeting that nobody was invited to and nobody answered will not take place."""


class SeatTaken(MeetingEvent):
    """A person will come to a meeting."""

    person_id: str


class SeatAwaited(MeetingEvent):
    """A person waits in line for a seat; `position` counts from 1."""

    person_id: str
    position: int


class SeatPromoted(MeetingEvent):
    """A freed seat went to the first in line, who now will come."""

    person_id: str


class SeatConsidered(MeetingEvent):
    """A person may come to a meeting, and holds no seat."""

    person_id: str


class SeatDeclined(MeetingEvent):
    """A person will not come to a meeting, and holds no seat."""

    person_id: str
    left: bool = False
    """They left the community and said nothing about the meeting, which may stand in their calendar."""
