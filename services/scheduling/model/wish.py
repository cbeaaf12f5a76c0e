"""A single meeting as somebody asks for it, in either way of saying when."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, model_validator

from services.scheduling.model.details import Details
from services.scheduling.model.fields import Day, Minutes, Seats, TimeOfDay
from services.scheduling.model.local import checked, exact_moment
from shared.contracts.scheduling import Format
from shared.errors import Invalid
from shared.types.clock import Moment
from shared.types.fields import Line, Link, Zone

LONGEST = timedelta(days=7)
FURTHEST = timedelta(days=3 * 366)


class EndsBeforeStart(Invalid):
    """A meeting ends after it starts."""


class TooLong(Invalid):
    """This is more than a meeting."""


class TooFarAhead(Invalid):
    """Meetings are scheduled for the next three years."""


class Incomplete(Invalid):
    """Something is missing to know when the meeting is."""


class Wish(BaseModel):
    """What a meeting is to be. When: `starts_at` with an offset, or `starts_on` and `local_time`, which
    are read on the clocks of `zone`; until: `ends_at`, or `minutes`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Line | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    starts_on: Day | None = None
    local_time: TimeOfDay | None = None
    minutes: Minutes | None = None
    zone: Zone | None = None
    format: Format | None = None
    venue: Line | None = None
    join_url: Link | None = None
    seats: Seats | None = None

    @model_validator(mode="after")
    def _one_way_of_saying(self) -> "Wish":
        if self.starts_at and (self.starts_on or self.local_time):
            raise ValueError("give either starts_at, or starts_on and local_time")
        if self.ends_at and self.minutes:
            raise ValueError("give either ends_at or minutes")
        return self

    def new(self, name: str, at: datetime) -> Details:
        """The details of a new meeting; without a title it bears the community's name."""
        zone = self.zone or "Europe/London"
        starts_at = self._start(zone)
        if starts_at is None:
            raise Incomplete("Say when: starts_at, or starts_on and local_time.", field="starts_at")
        ends_at = self._end(zone) or starts_at + timedelta(minutes=self.minutes or 60)
        return _require_possible(
            Details(
                title=self.title or name,
                starts_at=starts_at,
                ends_at=ends_at,
                zone=zone,
                format=self.format or "online",
                venue=self.venue,
                join_url=self.join_url,
                seats=self.seats,
            ),
            at,
        )

    def applied_to(self, before: Details, at: datetime) -> Details:
        """The details with the fields that were sent in place; `null` takes a venue, link or limit away.

        A meeting that starts at another time keeps its length unless its end is given too.
        """
        zone = self.zone or before.zone
        changes: dict[str, Any] = {"zone": zone}
        for name in ("title", "format"):
            changes |= {name: value} if (value := getattr(self, name)) else {}
        for name in ("venue", "join_url", "seats"):
            changes |= {name: getattr(self, name)} if name in self.model_fields_set else {}
        starts_at = self._start(zone, before) or before.starts_at
        length = (
            timedelta(minutes=self.minutes) if self.minutes else before.ends_at - before.starts_at
        )
        ends_at = self._end(zone) or starts_at + length
        changes |= {"starts_at": starts_at, "ends_at": ends_at}
        return _require_possible(before.model_copy(update=changes), at)

    def _start(self, zone: str, before: Details | None = None) -> datetime | None:
        if self.starts_at:
            return checked(self.starts_at, zone, "starts_at")
        local = before.starts_at.astimezone(ZoneInfo(zone)) if before else None
        day = self.starts_on or (local and local.date())
        time_of_day = self.local_time or (local and local.time())
        if not (self.starts_on or self.local_time) or not (day and time_of_day):
            return None
        return exact_moment(day, time_of_day, zone)

    def _end(self, zone: str) -> datetime | None:
        return checked(self.ends_at, zone, "ends_at") if self.ends_at else None


def _require_possible(details: Details, at: datetime) -> Details:
    if details.ends_at <= details.starts_at:
        raise EndsBeforeStart(
            f"It would start at {details.starts_at.isoformat()} and end at"
            f" {details.ends_at.isoformat()}. Give a later ends_at, or minutes.",
            field="ends_at",
        )
    if details.ends_at - details.starts_at > LONGEST:
        raise TooLong("A meeting may last seven days. Schedule several.", field="ends_at")
    if details.starts_at - at > FURTHEST:
        raise TooFarAhead("Choose an earlier time; check the year.", field="starts_at")
    return details
