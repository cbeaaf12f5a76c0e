"""What calendar programs are sent, read back by a parser and by a checker (calendar_reader.py)."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from shared.icalendar import LONDON, LONDON_RULES, Address, Entry, cancellation, feed, invitation
from tests.unit.shared.calendar_reader import (
    checked,
    instants,
    readable,
    unescaped,
)

NASTY = [
    '"',
    "\r\nATTENDEE:mailto:eve@example.org",
    "\nMETHOD:CANCEL",
    "\\N",
    "\\n",
    ",;:",
    "🎉" * 30,
]
NASTY += [
    "END:VEVENT",
    "\u2028X:1",
    "\x85",
    "\x00",
    "^n",
    "^'",
    "\\",
    "é" * 80,
    "\r",
    "A" * 200,
    "\ud800",
]
texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=30)), max_size=5).map("".join)
moments = st.integers(0, 17 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
entries = st.builds(
    lambda starts_at, minutes, **rest: Entry(
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes), **rest
    ),
    starts_at=moments,
    minutes=st.integers(1, 2000),
    uid=st.uuids().map(lambda id: f"{id}@copse"),
    revision=st.integers(0, 50),
    title=texts,
    zone=st.sampled_from([LONDON, "Europe/Paris", "UTC", "America/New_York"]),
    status=st.sampled_from(["confirmed", "cancelled"]),
    updated_at=moments,
    description=texts,
    location=st.none() | texts,
    url=st.none() | texts.map(lambda text: "https://meet.example.org/" + text),
)
addresses = st.builds(
    Address,
    email=st.sampled_from(["ann@example.org", "o'neil+x@example.org", "ann@x.org\r\nX:1"]),
    name=texts,
)


@settings(max_examples=250, deadline=None)
@given(entry=entries, organizer=addresses, attendee=addresses)
def test_an_invitation_holds_whatever_people_write(entry, organizer, attendee):
    raw = invitation(entry, organizer=organizer, attendee=attendee)
    [meeting] = checked(raw, "REQUEST")
    assert meeting["UID"][1] == entry.uid
    assert meeting["SEQUENCE"][1] == str(entry.revision)
    assert meeting["STATUS"][1] == "CONFIRMED"
    assert unescaped(meeting["SUMMARY"][1]) == readable(entry.title)
    parameters, address = meeting["ATTENDEE"]
    assert "RSVP=TRUE" in parameters
    assert "PARTSTAT=NEEDS-ACTION" in parameters
    assert address.startswith(("mailto:ann@", "mailto:o'neil+x@"))
    [event] = Calendar.from_ical(raw).walk("VEVENT")
    assert str(event["SUMMARY"]) == readable(entry.title)
    assert instants(raw) == [(entry.starts_at, entry.ends_at)]


@settings(max_examples=200, deadline=None)
@given(entry=entries, organizer=addresses, attendee=addresses)
def test_a_cancellation_holds_whatever_people_write(entry, organizer, attendee):
    raw = cancellation(entry, organizer=organizer, attendee=attendee)
    [meeting] = checked(raw, "CANCEL")
    assert meeting["UID"][1] == entry.uid
    assert meeting["SEQUENCE"][1] == str(entry.revision)
    assert meeting["STATUS"][1] == "CANCELLED"
    [event] = Calendar.from_ical(raw).walk("VEVENT")
    assert event["DTSTART"].dt.astimezone(UTC) == entry.starts_at


@settings(max_examples=200, deadline=None)
@given(
    name=texts,
    several=st.lists(entries, max_size=4, unique_by=lambda e: e.uid),
    organizer=addresses,
)
def test_a_feed_holds_whatever_people_write(name, several, organizer):
    raw = feed(name, several, organizer=organizer)
    meetings = checked(raw, "PUBLISH")
    assert [meeting["UID"][1] for meeting in meetings] == [entry.uid for entry in several]
    assert [m["STATUS"][1] for m in meetings] == [entry.status.upper() for entry in several]
    assert instants(raw) == sorted((entry.starts_at, entry.ends_at) for entry in several)
    assert {m["ORGANIZER"][1].partition(":")[0] for m in meetings} <= {"mailto"}
    assert raw == feed(name, several, organizer=organizer)


def a_meeting(**said: object) -> Entry:
    usual: dict[str, object] = {
        "uid": "m1@copse",
        "revision": 0,
        "title": "Practice circle",
        "starts_at": datetime(2027, 3, 30, 13, tzinfo=UTC),
        "ends_at": datetime(2027, 3, 30, 14, tzinfo=UTC),
        "zone": LONDON,
        "status": "confirmed",
        "updated_at": datetime(2027, 1, 1, tzinfo=UTC),
    }
    return Entry(**{**usual, **said})  # type: ignore[arg-type]


ANN, COPSE = Address("ann@example.org", "Ann"), Address("meetings@example.org", "Copse")


def test_london_is_written_as_local_time_with_its_rules():
    raw = invitation(a_meeting(), organizer=COPSE, attendee=ANN)
    assert b"DTSTART;TZID=Europe/London:20270330T140000\r\n" in raw
    assert b"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n" in raw
    assert b"RDATE" not in raw


def test_other_zones_are_written_in_utc_without_rules():
    raw = invitation(a_meeting(zone="Europe/Paris"), organizer=COPSE, attendee=ANN)
    assert b"DTSTART:20270330T130000Z\r\n" in raw
    assert b"VTIMEZONE" not in raw


def test_the_hour_that_autumn_repeats_is_written_in_utc():
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)  # 01:30 in London for the second time
    entry = a_meeting(starts_at=second, ends_at=second + timedelta(hours=1))
    raw = invitation(entry, organizer=COPSE, attendee=ANN)
    assert b"DTSTART:20271031T013000Z\r\n" in raw


def test_the_rules_of_london_are_those_of_the_time_zone_database():
    """Each change of each year from 1997 to 2049, to the second, by the rule's own arithmetic."""
    text = LONDON_RULES.decode()
    london = ZoneInfo(LONDON)

    def last_sunday(year: int, month: int, hour: int) -> datetime:
        day = datetime(year, month, 31, hour, tzinfo=UTC)
        return day - timedelta(days=(day.weekday() + 1) % 7)

    observances = re.findall(
        r"DTSTART:\d{8}T(\d\d)0000\r\nRRULE:FREQ=YEARLY;BYMONTH=(\d+);BYDAY=-1SU\r\nTZNAME:(\w+)\r\n"
        r"TZOFFSETFROM:\+(\d\d)00\r\nTZOFFSETTO:\+(\d\d)00\r\n",
        text,
    )
    assert len(observances) == 2
    for year in range(1997, 2050):
        for hour, month, name, before, after in observances:
            instant = last_sunday(year, int(month), int(hour)) - timedelta(hours=int(before))
            assert instant.astimezone(london).tzname() == name
            assert instant.astimezone(london).utcoffset() == timedelta(hours=int(after))
            earlier = (instant - timedelta(seconds=1)).astimezone(london)
            assert earlier.utcoffset() == timedelta(hours=int(before))
    for first in re.findall(r"DTSTART:(\d{8})T", text):
        assert datetime.strptime(first, "%Y%m%d").replace(tzinfo=UTC).weekday() == 6


def test_a_parser_that_knows_only_the_rules_sees_the_same_instants():
    """No help from the reader's own zone data: the rules stand under a name nobody knows."""
    weeks = [
        datetime(2027, 1, 5, 14, tzinfo=ZoneInfo(LONDON)) + timedelta(weeks=n) for n in range(60)
    ]
    meetings = [
        a_meeting(uid=f"{n}@copse", starts_at=at, ends_at=at + timedelta(hours=1))
        for n, at in enumerate(weeks)
    ]
    raw = feed("All", meetings, organizer=COPSE).replace(b"Europe/London", b"Nowhere/Known")
    seen = [event["DTSTART"].dt.astimezone(UTC) for event in Calendar.from_ical(raw).walk("VEVENT")]
    assert seen == [at.astimezone(UTC) for at in weeks]


def test_a_name_can_close_neither_its_quotes_nor_its_line():
    eve = Address(
        "eve@example.org", 'Eve";RSVP=FALSE:mailto:x@example.org\r\nDTSTART:19990101T000000Z'
    )
    raw = invitation(a_meeting(), organizer=COPSE, attendee=eve)
    [meeting] = checked(raw, "REQUEST")
    assert meeting["ATTENDEE"][1] == "mailto:eve@example.org"
    assert "1999" not in meeting["DTSTART"][1]


def test_a_meeting_without_a_venue_shows_its_link_as_the_place():
    [meeting] = checked(
        invitation(a_meeting(url="https://meet.example.org/a,b"), organizer=COPSE, attendee=ANN),
        "REQUEST",
    )
    assert unescaped(meeting["LOCATION"][1]) == "https://meet.example.org/a,b"
    assert meeting["URL"][1] == "https://meet.example.org/a,b"


def test_a_hybrid_meeting_tells_its_link_beside_its_place():
    hybrid = a_meeting(
        url="https://meet.example.org/a", location="Library", description="With tea."
    )
    [meeting] = checked(invitation(hybrid, organizer=COPSE, attendee=ANN), "REQUEST")
    assert unescaped(meeting["LOCATION"][1]) == "Library"
    told = unescaped(meeting["DESCRIPTION"][1])
    assert told == "With tea.\n\nJoin online: https://meet.example.org/a"
    [cancelled] = checked(cancellation(hybrid, organizer=COPSE, attendee=ANN), "CANCEL")
    assert unescaped(cancelled["DESCRIPTION"][1]) == "With tea."


def test_an_empty_feed_is_still_a_calendar():
    raw = feed("Nothing yet", [], organizer=COPSE)
    assert checked(raw, "PUBLISH") == []
    assert b"BEGIN:VTIMEZONE" in raw
