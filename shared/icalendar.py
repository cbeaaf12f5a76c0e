"""Meetings as calendar programs read them: invitations, cancellations and feeds (RFC 5545, 5546, 7986)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vDuration, vText, vUri
from icalendar.parser import Contentline

LONDON = "Europe/London"
_LONDON = ZoneInfo(LONDON)
# The rules since 1996 as RRULEs: the form every program reads (Outlook passes over lists of RDATE).
LONDON_RULES = b"""\
BEGIN:VTIMEZONE\r
TZID:Europe/London\r
BEGIN:DAYLIGHT\r
DTSTART:19960331T010000\r
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r
TZNAME:BST\r
TZOFFSETFROM:+0000\r
TZOFFSETTO:+0100\r
END:DAYLIGHT\r
BEGIN:STANDARD\r
DTSTART:19961027T020000\r
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r
TZNAME:GMT\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0000\r
END:STANDARD\r
END:VTIMEZONE\r
"""
_LONDON_ZONE = Timezone.from_ical(LONDON_RULES).to_ical()
PRODUCT = "-//Copse//Communities of Practice//EN"
REFRESH = timedelta(hours=1)
LARGEST = 2**31 - 1  # of the numbers of a calendar (RFC 5545, 3.3.8)
_LINE_ENDS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_END_CALENDAR, _END_EVENT = b"END:VCALENDAR\r\n", b"END:VEVENT\r\n"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One meeting. `revision` is its SEQUENCE, `updated_at` when that revision came to be."""

    uid: str
    revision: int
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    status: Literal["confirmed", "cancelled"]
    updated_at: datetime
    description: str = ""
    location: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Who sends or receives."""

    email: str
    name: str = ""


def invitation(entry: Entry, *, organizer: Address, attendee: Address) -> bytes:
    """Ask one person to come; send it as `text/calendar; method=REQUEST`. It names nobody else."""
    return _request("REQUEST", entry, organizer, attendee)


def cancellation(entry: Entry, *, organizer: Address, attendee: Address) -> bytes:
    """Take a meeting out of one person's calendar; send it as `text/calendar; method=CANCEL`.

    Its revision must be greater than the invitation's, or programs pass over it (RFC 5546, 2.1.4).
    """
    return _request("CANCEL", entry, organizer, attendee)


def feed(name: str, entries: Iterable[Entry], *, organizer: Address) -> bytes:
    """A calendar to subscribe to. The same entries always give the same bytes, so that ETags match."""
    calendar = _calendar("PUBLISH")
    _add(calendar, name=_text(name), x_wr_calname=_text(name), x_published_ttl=vDuration(REFRESH))
    _add(calendar, refresh_interval=vDuration(REFRESH, params={"VALUE": "DURATION"}))
    # Always there: a VCALENDAR without any component would be malformed (RFC 5545, 3.6).
    events = [_event(entry, entry.status, organizer) for entry in entries]
    return _holding(calendar.to_ical(), _LONDON_ZONE, *events)


def _request(method: Method, entry: Entry, organizer: Address, attendee: Address) -> bytes:
    invited = _address(attendee)
    invited.params["ROLE"] = "REQ-PARTICIPANT"
    if method == "REQUEST":
        invited.params["PARTSTAT"] = "NEEDS-ACTION"
        invited.params["RSVP"] = "TRUE"
    event = _event(entry, "cancelled" if method == "CANCEL" else "confirmed", organizer)
    written: Any = Contentline
    named: bytes = written.from_parts("ATTENDEE", invited.params, invited).to_ical() + b"\r\n"
    zone = [] if _span(entry)[0].tzinfo is UTC else [_LONDON_ZONE]
    return _holding(_head(method), *zone, event.removesuffix(_END_EVENT) + named + _END_EVENT)


def _calendar(method: Method) -> Calendar:
    calendar = Calendar()
    _add(calendar, prodid=PRODUCT, version="2.0", calscale="GREGORIAN", method=method)
    return calendar


@lru_cache
def _head(method: Method) -> bytes:
    return _calendar(method).to_ical()


def _holding(calendar: bytes, *components: bytes) -> bytes:
    """A calendar with components that are written already."""
    return b"".join([calendar.removesuffix(_END_CALENDAR), *components, _END_CALENDAR])


@lru_cache(maxsize=4096)
def _event(entry: Entry, status: str, organizer: Address) -> bytes:
    """The same for everybody it is sent to, and at every reading of a feed: written once."""
    event = Event()
    updated_at = entry.updated_at.astimezone(UTC)
    _add(event, uid=_text(entry.uid), sequence=min(max(entry.revision, 0), LARGEST))
    _add(event, dtstamp=updated_at, last_modified=updated_at)
    starts_at, ends_at = _span(entry)
    _add(event, dtstart=starts_at, dtend=ends_at)
    _add(event, summary=_text(entry.title), organizer=_address(organizer))
    _add(event, status=status.upper(), transp="OPAQUE" if status == "confirmed" else "TRANSPARENT")
    # Several programs show no URL, but all show where it is, and what it is about.
    joining = entry.url if entry.location and status == "confirmed" else None
    paragraphs = [entry.description, f"Join online: {joining}" if joining else ""]
    if description := "\n\n".join(filter(None, paragraphs)):
        _add(event, description=_text(description, lines=True))
    if location := entry.location or entry.url:
        _add(event, location=_text(location))
    if entry.url:
        _add(event, url=vUri(quote(_clean(entry.url, ""), safe="%/:?#[]@!$&'()*+,;=~")))
    return event.to_ical()


def _add(component: Any, **properties: object) -> None:
    for name, value in properties.items():
        component.add(name.replace("_", "-"), value)


def _span(entry: Entry) -> tuple[datetime, datetime]:
    """In local time where programs can tell which instant is meant, else in UTC.

    A local time that autumn brings twice stands for its first (RFC 5545, 3.3.5).
    """
    utc = entry.starts_at.astimezone(UTC), entry.ends_at.astimezone(UTC)
    local = utc[0].astimezone(_LONDON), utc[1].astimezone(_LONDON)
    return utc if entry.zone != LONDON or local[0].fold or local[1].fold else local


def _address(party: Address) -> vCalAddress:
    address = vCalAddress("mailto:" + quote(_clean(party.email, ""), safe="@+!$'*-._~"))
    if name := _clean(party.name, " ").strip():
        address.params["CN"] = name.replace('"', "'")  # a quoted parameter has no escape for it
    return address


def _clean(text: str, line_end: str) -> str:
    """Without what no content line may hold, nor what a reader could take for its end."""
    return _UNPRINTABLE.sub("", _LINE_ENDS.sub(line_end, text))


class _Text(vText):
    """TEXT as RFC 5545, 3.3.11 escapes it; icalendar 7 takes a backslash before an N for a line end."""

    def to_ical(self) -> bytes:
        escaped = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
        return escaped.replace("\n", "\\n").encode()


def _text(text: str, *, lines: bool = False) -> vText:
    return _Text(_clean(text, "\n" if lines else " "))
