"""Meetings at the edges: any time that events may name, any UID, zone, place and link that outside systems send."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from shared.icalendar import LONDON, Address, Entry, cancellation, feed, invitation
from tests.unit.shared.calendar_reader import checked, lines_of, readable, unescaped
from tests.unit.shared.test_calendar import NASTY

COPSE = Address("meetings@example.org", "Copse")
words = st.lists(st.sampled_from(NASTY) | st.text(max_size=30), max_size=5).map("".join)
long = st.sampled_from(["x", "é", "🎉", "\u202e", "\\,;"]).map(lambda one: one * 2_000)
SECONDS = 224_000_000_000  # from 1900 to 8998
moments = st.integers(0, SECONDS).map(
    lambda seconds: datetime(1900, 1, 2, tzinfo=UTC) + timedelta(seconds=seconds)
)
extreme = st.builds(
    lambda starts_at, lasts, **said: Entry(starts_at=starts_at, ends_at=starts_at + lasts, **said),
    starts_at=moments,
    lasts=st.timedeltas(timedelta(0), timedelta(days=1)).map(
        lambda d: d - timedelta(microseconds=d.microseconds)
    ),
    uid=words,
    revision=st.integers(-5, 2**63 - 1),
    title=words | long,
    zone=st.sampled_from([LONDON, "UTC", ""]) | st.text(max_size=20),
    status=st.sampled_from(["confirmed", "cancelled"]),
    updated_at=moments,
    description=words | long,
    location=st.none() | words | long,
    url=st.none() | words,
)


@settings(deadline=None, max_examples=30)
@given(entry=extreme)
def test_any_meeting_is_one_event_with_its_own_words_and_no_others(entry: Entry) -> None:
    for raw, method in (
        (invitation(entry, organizer=COPSE, attendee=COPSE), "REQUEST"),
        (cancellation(entry, organizer=COPSE, attendee=COPSE), "CANCEL"),
        (feed(entry.title, [entry], organizer=COPSE), "PUBLISH"),
    ):
        assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
        [meeting] = checked(raw, method)
        assert unescaped(meeting["UID"][1]) == readable(entry.uid)
        assert unescaped(meeting["SUMMARY"][1]) == readable(entry.title)
        assert int(meeting["SEQUENCE"][1]) == min(max(entry.revision, 0), 2**31 - 1)
        if entry.location:
            assert unescaped(meeting["LOCATION"][1]) == readable(entry.location)
        [event] = Calendar.from_ical(raw).walk("VEVENT")
        assert event["DTSTART"].dt.astimezone(UTC) == entry.starts_at
        assert event["DTEND"].dt.astimezone(UTC) == entry.ends_at
        assert event["DTSTAMP"].dt == entry.updated_at
        assert not event.errors
        assert sum(line.startswith("BEGIN:VEVENT") for line in lines_of(raw)) == 1
