"""A calendar part as a person reads it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from icalendar import Calendar

Rows = list[tuple[str, str]]


def invitation(calendar: str) -> Rows:
    """What it says, line by line; nothing for a mail without one, and for one that no reader understands."""
    try:
        read: Any = Calendar.from_ical(calendar)
        return [row for event in read.events for row in _rows(read, event)]
    except (
        Exception
    ):  # a broken calendar breaks a parser in many ways; the page shows its source instead
        return []


def _rows(calendar: Any, event: Any) -> Rows:
    rows = [
        ("What", f"{event.get('SUMMARY', '')} ({calendar.get('METHOD', 'PUBLISH')})"),
        ("Starts", _moment(event, "DTSTART")),
        ("Ends", _moment(event, "DTEND")),
        ("Repeats", event["RRULE"].to_ical().decode() if "RRULE" in event else ""),
        ("Where", str(event.get("LOCATION", ""))),
        ("Link", str(event.get("URL", ""))),
        ("Organizer", _person(event.get("ORGANIZER", ""))),
        *[("Invited", _person(one)) for one in _several(event.get("ATTENDEE", []))],
        ("Status", str(event.get("STATUS", ""))),
        ("UID", str(event.get("UID", ""))),
        ("Sequence", str(event.get("SEQUENCE", ""))),
        ("Description", str(event.get("DESCRIPTION", ""))),
    ]
    return [(name, value) for name, value in rows if value]


def _moment(event: Any, name: str) -> str:
    if name not in event:
        return ""
    moment = event[name].dt
    if not isinstance(moment, datetime):
        return f"{moment:%A %-d %B %Y}"
    zone = event[name].params.get("TZID") or moment.tzname() or "no zone"
    return f"{moment:%A %-d %B %Y, %H:%M} {zone}"


def _person(value: Any) -> str:
    if not value:
        return ""
    address = str(value).removeprefix("mailto:").removeprefix("MAILTO:")
    name, answer = value.params.get("CN", ""), value.params.get("PARTSTAT", "")
    told = f"{name} <{address}>" if name else address
    return f"{told}, {answer.lower()}" if answer else told


def _several(value: Any) -> Iterable[Any]:
    """icalendar gives a single value bare, several as a list."""
    return cast("list[Any]", value) if isinstance(value, list) else [value]
