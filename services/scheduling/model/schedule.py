"""What a community has decided about when it meets."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any, Self

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel

from services.scheduling.model.local import today
from services.scheduling.model.meeting import Meeting
from services.scheduling.model.rhythm import Rhythm
from shared.contracts.scheduling import RhythmChosen, RhythmEnded
from shared.errors import Invalid, NotFound
from shared.events.event import Event

HORIZON = relativedelta(months=6)
"""How far ahead the meetings of a rhythm stand in the calendar."""
NOTICE_DAYS = 21
_MEETINGS = uuid.UUID("5f0a4ab2-6c1d-5b8e-9a58-3f3f2b1f7c11")


class NoRhythm(NotFound):
    """This community has not chosen a rhythm."""


class BadStart(Invalid):
    """A rhythm starts today or within a year."""


class NoMeetings(Invalid):
    """This rhythm would give no meeting."""


class Schedule(BaseModel, frozen=True):
    """A community's rhythm, if it has one, its notice time and the address of its calendar.

    `next_on` is the first day of the rhythm whose meeting does not exist yet.
    """

    community_id: str
    feed_token: str
    """Readable, not hashed: members may ask for the address again, and each notice of a rhythm bears it."""
    notice_days: int = NOTICE_DAYS
    revision: int = 0
    """How often a rhythm was chosen or ended."""
    rhythm: Rhythm | None = None
    next_on: date | None = None

    def require_rhythm(self) -> Rhythm:
        if self.rhythm is None:
            raise NoRhythm("A facilitator may choose one: PUT it here.")
        return self.rhythm

    def first_day(self, rhythm: Rhythm, at: datetime) -> date:
        """From which day on a rhythm is the one that holds."""
        now_on = today(at, rhythm.zone)
        return max(now_on, rhythm.starts_on or now_on)

    def choose(
        self, wish: Rhythm, by: str, feed_url: str, at: datetime
    ) -> tuple[Self, *tuple[Event, ...]]:
        """The community meets in this rhythm from now on, or from `starts_on` on.

        Where only other things change than the pattern of days, its weeks and months are counted
        as before, unless `starts_on` is given.
        """
        now_on = today(at, wish.zone)
        present = self.rhythm.starts_on if self.rhythm else None
        same = self.rhythm is not None and self.rhythm.pattern == wish.pattern
        starts_on = wish.starts_on or (present if same and present else now_on)
        if starts_on != present and not now_on <= starts_on <= now_on + timedelta(days=366):
            raise BadStart(f"Choose a day from {now_on} to a year later.", field="starts_on")
        rhythm = wish.model_copy(update={"starts_on": starts_on})
        if rhythm == self.rhythm:
            return (self,)
        next_on = rhythm.next_day(self.first_day(rhythm, at))
        if next_on is None:
            raise NoMeetings(
                "Choose a later end: a later until, or a greater count.", field="until"
            )
        update = {"rhythm": rhythm, "next_on": next_on, "revision": self.revision + 1}
        chosen = RhythmChosen(
            community_id=self.community_id,
            **_event_fields(rhythm),
            description=rhythm.in_words(),
            feed_url=feed_url,
            chosen_by=by,
        )
        return self.model_copy(update=update), chosen

    def end(self) -> tuple[Self, RhythmEnded]:
        """The community has no rhythm any longer."""
        self.require_rhythm()
        update = {"rhythm": None, "next_on": None, "revision": self.revision + 1}
        return self.model_copy(update=update), RhythmEnded(community_id=self.community_id)

    def give_notice(self, days: int) -> Self:
        return self.model_copy(update={"notice_days": days})

    def rotate_feed(self, token: str) -> Self:
        """Another address of the calendar; the old one leads nowhere."""
        return self.model_copy(update={"feed_token": token})

    # the meetings of the rhythm

    def days_due(self, last: date) -> list[date]:
        """The days up to `last` whose meetings do not exist yet."""
        if self.rhythm is None or self.next_on is None:
            return []
        return [*self.rhythm.days(self.next_on, last)]

    def extended(self, last: date) -> Self:
        """The days up to `last` have their meetings."""
        if self.rhythm is None or self.next_on is None or last < self.next_on:
            return self
        update = {"next_on": self.rhythm.next_day(last + timedelta(days=1))}
        return self.model_copy(update=update)

    def horizon(self, at: datetime) -> date:
        """The last day whose meeting should exist."""
        return today(at, self.rhythm.zone if self.rhythm else "UTC") + HORIZON

    def new_meeting(self, day: date, name: str, at: datetime) -> tuple[Meeting, *tuple[Event, ...]]:
        """The meeting of a day. Its id follows from the choice and the day, so that it comes but once."""
        meeting_id = str(uuid.uuid5(_MEETINGS, f"{self.community_id}/{self.revision}/{day}"))
        details = self.require_rhythm().meeting_on(day, name)
        notice = self.notice_days
        return Meeting.schedule(
            meeting_id, self.community_id, details, at, notice_days=notice, occurrence=day
        )

    def adapt(
        self, meeting: Meeting, name: str, at: datetime
    ) -> tuple[Meeting, *tuple[Event, ...]]:
        """What becomes of an earlier rhythm's meeting under this one.

        On a day that both share it goes on under the same id, with its answers. Else it is
        cancelled if anybody counts on it, and taken back quietly if nobody does.
        """
        rhythm = self.require_rhythm()
        day = meeting.occurrence
        if day and list(rhythm.days(day, day)):
            details = rhythm.meeting_on(day, name)
            # Where today's new time is over already, today's meeting stays what it was.
            return (
                meeting.change(details, at, by_hand=False) if details.starts_at > at else (meeting,)
            )
        if not meeting.is_known:
            return meeting.withdraw(at)
        reason = f"The community meets in another rhythm now: {rhythm.in_words()}."
        return meeting.cancel(reason, at, by_hand=False)


def _event_fields(rhythm: Rhythm) -> dict[str, Any]:
    names = ("frequency", "interval", "weekdays", "nth", "local_time", "zone", "minutes", "format")
    return {name: getattr(rhythm, name) for name in names}
