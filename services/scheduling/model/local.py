"""Clocks on walls: from local time to the moment meant, across summer time."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from shared.errors import Invalid


class SkippedTime(Invalid):
    """This local time does not exist: clocks go forward past it."""


class OtherOffset(Invalid):
    """The offset is not the one that clocks in the zone have then."""


def moment(day: date, at: time, zone: str) -> datetime:
    """The moment a local time stands for, as RFC 5545, 3.3.5 reads it.

    A time that spring skips is read with the offset before the change, so it moves forward by the
    gap; of one that autumn brings twice, the first is meant.
    """
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def exact_moment(day: date, at: time, zone: str) -> datetime:
    """As `moment`, but for a day that somebody chose: raises SkippedTime rather than move it."""
    meant = moment(day, at, zone)
    shown = meant.astimezone(ZoneInfo(zone))
    if _skipped(day, at, zone):
        raise SkippedTime(
            f"On {day} no clock in {zone} shows {at:%H:%M}. Choose {shown:%H:%M} or another time.",
            field="local_time",
        )
    return meant


def checked(at: datetime, zone: str, field: str) -> datetime:
    """A moment in UTC. An offset that is neither UTC nor the zone's own shows a time meant otherwise."""
    meant = at.astimezone(ZoneInfo(zone))
    utc = at.astimezone(UTC).replace(microsecond=0)
    if not at.utcoffset() or at.utcoffset() == meant.utcoffset():
        return utc
    mend = f"Write {meant.isoformat()} or {utc:%Y-%m-%dT%H:%M:%SZ} if you mean that moment."
    if _skipped(at.date(), at.time(), zone):
        detail = f"On {at.date()} no clock in {zone} shows {at:%H:%M}. {mend}"
        raise SkippedTime(detail, field=field)
    offset, zone_offset = at.isoformat()[-6:], meant.isoformat()[-6:]
    raise OtherOffset(
        f"Clocks in {zone} are at {zone_offset} then, not {offset}. {mend}", field=field
    )


def today(at: datetime, zone: str) -> date:
    """The day it is in a zone at a moment."""
    return at.astimezone(ZoneInfo(zone)).date()


def _skipped(day: date, at: time, zone: str) -> bool:
    shown = moment(day, at, zone).astimezone(ZoneInfo(zone))
    return shown.replace(tzinfo=None) != datetime.combine(day, at)
