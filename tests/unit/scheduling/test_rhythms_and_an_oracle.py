"""When a rhythm's meetings are, beside an oracle that reads an RRULE with zone data of its own."""

from datetime import UTC, date, datetime, timedelta

import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from services.scheduling.model import Rhythm
from tests.unit.scheduling.test_rhythm_rules import LATER, WEEK, a_rhythm, a_weekly

rhythms = st.builds(
    lambda monthly, nth, end, **said: a_rhythm(
        frequency="monthly" if monthly else "weekly", nth=nth if monthly else None, **said, **end
    ),
    monthly=st.booleans(),
    nth=st.sampled_from([1, 2, 3, 4, -1]),
    interval=st.integers(1, 52),
    weekdays=st.lists(st.sampled_from(WEEK), min_size=1, max_size=7),
    local_time=st.times().map(lambda t: t.strftime("%H:%M")),
    zone=st.sampled_from(
        [
            "Europe/London",
            "Europe/Paris",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kolkata",
            "UTC",
        ]
    ),
    minutes=st.integers(5, 1440),
    starts_on=st.dates(date(2026, 1, 1), date(2029, 1, 1)).map(str),
    end=st.one_of(
        st.just({}),
        st.integers(1, 60).map(lambda count: {"count": count}),
        st.dates(date(2029, 1, 2), date(2030, 1, 1)).map(lambda until: {"until": str(until)}),
    ),
)


def as_the_oracle_sees(rhythm: Rhythm) -> list[datetime]:
    """The same rhythm as an RRULE, expanded by recurring-ical-events."""
    days = ",".join(f"{rhythm.nth or ''}{day}" for day in rhythm.weekdays)
    rule = f"FREQ={rhythm.frequency.upper()};INTERVAL={rhythm.interval};BYDAY={days}"
    if rhythm.count:
        rule += f";COUNT={rhythm.count}"
    if rhythm.until:
        rule += f";UNTIL={rhythm.starts_at(rhythm.until):%Y%m%dT%H%M%SZ}"
    first = rhythm.next_day(date(2020, 1, 1))
    if first is None:
        return []
    begin = datetime.combine(first, rhythm.local_time)
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
        f"DTSTART;TZID={rhythm.zone}:{begin:%Y%m%dT%H%M%S}\r\nDURATION:PT{rhythm.minutes}M\r\n"
        f"RRULE:{rule}\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    window = (datetime(2025, 12, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC) + LATER)
    found = recurring_ical_events.of(Calendar.from_ical(text)).between(*window)
    return sorted(event["DTSTART"].dt.astimezone(UTC) for event in found)


@settings(max_examples=200, deadline=None)
@given(rhythm=rhythms)
def test_the_oracle_sees_the_same_meetings(rhythm: Rhythm):
    ours = [
        rhythm.starts_at(day) for day in rhythm.days(date(2026, 1, 1), date(2029, 1, 1) + LATER)
    ]
    edge = datetime(2029, 1, 1, tzinfo=UTC) + LATER - timedelta(days=2)
    assert [at for at in ours if at < edge] == [
        at for at in as_the_oracle_sees(rhythm) if at < edge
    ]


around_the_changes = st.builds(
    a_weekly,
    interval=st.integers(1, 2),
    weekdays=st.just(["SU"]),
    local_time=st.sampled_from(["00:59", "01:00", "01:30", "02:00", "02:15", "02:30", "03:00"]),
    zone=st.sampled_from(
        ["Europe/London", "Europe/Paris", "America/New_York", "Australia/Lord_Howe"]
    ),
    starts_on=st.dates(date(2026, 1, 1), date(2028, 1, 1)).map(str),
)


@settings(max_examples=50, deadline=None)
@given(rhythm=around_the_changes)
def test_the_oracle_agrees_on_the_nights_when_clocks_change(rhythm: Rhythm):
    ours = [rhythm.starts_at(day) for day in rhythm.days(date(2026, 1, 1), date(2030, 1, 1))]
    theirs = as_the_oracle_sees(rhythm)
    assert ours == theirs[: len(ours)]


@settings(max_examples=100, deadline=None)
@given(rhythm=rhythms, offset=st.integers(0, 400))
def test_batching_of_a_rhythm_make_the_whole(rhythm: Rhythm, offset: int):
    first, last = date(2027, 1, 1), date(2028, 6, 30)
    cut = first + timedelta(days=offset)
    whole = [*rhythm.days(first, last)]
    assert [*rhythm.days(first, cut), *rhythm.days(cut + timedelta(days=1), last)] == whole
    following = rhythm.next_day(first)
    assert (whole[0] if whole else None) == (following if following and following <= last else None)


# in words
