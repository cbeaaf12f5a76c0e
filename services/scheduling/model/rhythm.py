"""How a community meets again and again: a few named choices, never a free RRULE."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from services.scheduling.model.details import Details
from services.scheduling.model.fields import WEEKDAYS, Day, Minutes, Seats, TimeOfDay, Weekday
from services.scheduling.model.local import moment
from shared.contracts.scheduling import Format
from shared.types.fields import Line, Link, Zone

ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}


class Rhythm(BaseModel):
    """When and how a community meets.

    A monthly rhythm says which of its weekdays in the month: `nth` 1 to 4, or -1 for the last.
    Weeks and months of an `interval` are counted from `starts_on`. `until` and `count` end it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frequency: Literal["weekly", "monthly"]
    interval: Annotated[int, Field(strict=True, ge=1, le=52)] = 1
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    nth: Annotated[int, Field(strict=True)] | None = Field(default=None, validate_default=True)
    local_time: TimeOfDay
    zone: Zone = "Europe/London"
    minutes: Minutes = 60
    format: Format = "online"
    venue: Line | None = None
    join_url: Link | None = None
    title: Line | None = None
    """The meetings' title; without one they bear the community's name."""
    seats: Seats | None = None
    starts_on: Day | None = None
    until: Day | None = None
    count: Annotated[int, Field(strict=True, ge=1, le=500)] | None = Field(
        default=None, validate_default=True
    )

    @field_validator("weekdays")
    @classmethod
    def _in_order(cls, weekdays: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        return tuple(day for day in WEEKDAYS if day in weekdays)

    @field_validator("nth")
    @classmethod
    def _as_the_frequency_asks(cls, nth: int | None, info: ValidationInfo) -> int | None:
        if info.data.get("frequency") == "monthly" and nth not in ORDINALS:
            raise ValueError(
                "a monthly rhythm says which weekday of the month: 1 to 4, or -1 for the last"
            )
        if info.data.get("frequency") == "weekly" and nth is not None:
            raise ValueError("only a monthly rhythm has it; leave it out")
        return nth

    @field_validator("until")
    @classmethod
    def _after_the_start(cls, until: date | None, info: ValidationInfo) -> date | None:
        starts_on: date | None = info.data.get("starts_on")
        if until and starts_on and until < starts_on:
            raise ValueError("must not lie before starts_on")
        return until

    @field_validator("count")
    @classmethod
    def _one_end(cls, count: int | None, info: ValidationInfo) -> int | None:
        if count and info.data.get("until"):
            raise ValueError("give either until or count, not both")
        return count

    @property
    def pattern(self) -> tuple[object, ...]:
        """What the counting of weeks and months depends on."""
        return self.frequency, self.interval, self.weekdays, self.nth

    def days(self, first: date, last: date) -> Iterable[date]:
        """The days it falls on, from `first` to `last`, both included."""
        days = self._rule().between(_midnight(first), _midnight(last), inc=True)
        return [day.date() for day in days]

    def next_day(self, first: date) -> date | None:
        """The first day it falls on from a day on; None when it has come to its end."""
        day = self._rule().after(_midnight(first), inc=True)
        return day.date() if day else None

    def starts_at(self, day: date) -> datetime:
        """When the meeting of a day begins. A time that summer time skips moves forward."""
        return moment(day, self.local_time, self.zone)

    def meeting_on(self, day: date, name: str) -> Details:
        """What the meeting of a day is; `name` is the community's."""
        starts_at = self.starts_at(day)
        return Details(
            title=self.title or name,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=self.minutes),
            zone=self.zone,
            format=self.format,
            venue=self.venue,
            join_url=self.join_url,
            seats=self.seats,
        )

    def in_words(self) -> str:
        """E.g. "every month on the second Tuesday, 14:00 Europe/London"."""
        unit = "week" if self.frequency == "weekly" else "month"
        every = f"every {unit}" if self.interval == 1 else f"every {self.interval} {unit}s"
        ordinal = f"the {ORDINALS[self.nth]} " if self.nth else ""
        names = [ordinal + WEEKDAYS[day] for day in self.weekdays]
        days = " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
        return f"{every} on {days}, {self.local_time:%H:%M} {self.zone}"

    def _rule(self) -> rrule:
        """Days only: the time of day is added in the zone, so that summer time cannot shift it."""
        days = list(WEEKDAYS)
        return rrule(
            WEEKLY if self.frequency == "weekly" else MONTHLY,
            dtstart=_midnight(self.starts_on or date.min),
            interval=self.interval,
            byweekday=[weekday(days.index(day), self.nth) for day in self.weekdays],
            count=self.count,
            until=_midnight(self.until) if self.until else None,
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
