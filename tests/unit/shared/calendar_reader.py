"""A checker of calendars that shares no code with the writer, and what a reader sees in them."""

import re
from datetime import UTC, datetime

import recurring_ical_events
from icalendar import Calendar

LINE_ENDS = re.compile("\r\n|[\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
ONCE = {
    "UID",
    "SEQUENCE",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "SUMMARY",
    "STATUS",
    "TRANSP",
    "ORGANIZER",
}
ALLOWED = ONCE | {"LAST-MODIFIED", "DESCRIPTION", "LOCATION", "URL", "ATTENDEE"}
QUOTED = r'"[^"\x00-\x08\x0a-\x1f\x7f]*"'
LINE = re.compile(
    rf'([A-Z-]+)((?:;[A-Z-]+=(?:{QUOTED}|[^",;:\x00-\x08\x0a-\x1f\x7f]*))*):([^\x00-\x08\x0a-\x1f\x7f]*)',
    re.DOTALL,
)


def lines_of(raw: bytes) -> list[str]:
    """The unfolded lines of a calendar whose outer form is right (RFC 5545, 3.1)."""
    assert raw.endswith(b"\r\n")
    lines: list[str] = []
    for physical in raw[:-2].split(b"\r\n"):
        assert not {*b"\r\n"} & {*physical}
        assert len(physical) <= 75
        line = physical.decode()  # a fold must not cut a character in two
        if line.startswith(" "):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    return lines


def parts_of(raw: bytes) -> tuple[dict[str, str], list[dict[str, tuple[str, str]]], set[str]]:
    """The calendar's own properties, its meetings' properties, and the zones it explains."""
    inside: list[str] = []
    calendar: dict[str, str] = {}
    meetings: list[dict[str, tuple[str, str]]] = []
    zones: set[str] = set()
    for line in lines_of(raw):
        assert len(line.splitlines()) == 1, "no reader may see a second line in it"
        match = LINE.fullmatch(line)
        assert match, line
        name, parameters, value = match.groups()
        if name == "BEGIN":
            inside.append(value)
            meetings += [{}] if value == "VEVENT" else []
        elif name == "END":
            assert inside.pop() == value
        elif inside == ["VCALENDAR"]:
            assert calendar.setdefault(name, value) is value, f"twice: {line}"
        elif inside == ["VCALENDAR", "VEVENT"]:
            assert meetings[-1].setdefault(name, (parameters, value))[1] is value, f"twice: {line}"
        elif name == "TZID":
            zones.add(value)
    assert not inside
    return calendar, meetings, zones


def checked(raw: bytes, method: str) -> list[dict[str, tuple[str, str]]]:
    """Hold a calendar against RFC 5545 and 5546; give back the properties of its meetings."""
    calendar, meetings, zones = parts_of(raw)
    published = {"NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"}
    expected = {"METHOD", "VERSION", "PRODID", "CALSCALE"}
    assert calendar.keys() == expected | (published if method == "PUBLISH" else set())
    assert calendar["METHOD"] == method
    assert calendar["VERSION"] == "2.0"
    for meeting in meetings:
        assert ONCE <= meeting.keys() <= ALLOWED
        assert ("ATTENDEE" in meeting) == (method != "PUBLISH")
        used = re.findall("TZID=([^;:]+)", meeting["DTSTART"][0] + meeting["DTEND"][0])
        assert {*used} <= zones
    return meetings


def readable(text: str) -> str:
    """What a person is to see of a text of one line."""
    text = LINE_ENDS.sub(" ", text)
    return "".join(
        c
        for c in text
        if not ("\x00" <= c <= "\x1f" and c != "\t")
        and not "\x7f" <= c <= "\x9f"
        and not "\ud800" <= c <= "\udfff"
    )


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)


def instants(raw: bytes) -> list[tuple[datetime, datetime]]:
    """When an independent reader sees the meetings, in UTC."""
    found = recurring_ical_events.of(Calendar.from_ical(raw)).all()
    return sorted((e["DTSTART"].dt.astimezone(UTC), e["DTEND"].dt.astimezone(UTC)) for e in found)
