"""When a rhythm's meetings are, how it reads, and what is no rhythm."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.scheduling.model import Rhythm

WEEK = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
LATER = timedelta(days=900)


def a_rhythm(**said: Any) -> Rhythm:
    usual = {
        "frequency": "monthly",
        "weekdays": ["TU"],
        "nth": 2,
        "local_time": "14:00",
        "starts_on": "2027-01-01",
    }
    return Rhythm.model_validate(usual | said)


def a_weekly(**said: Any) -> Rhythm:
    return a_rhythm(**{"frequency": "weekly", "nth": None} | said)


def starts(rhythm: Rhythm, first: str, last: str) -> list[str]:
    days = rhythm.days(date.fromisoformat(first), date.fromisoformat(last))
    return [rhythm.starts_at(day).strftime("%Y-%m-%dT%H:%MZ") for day in days]


# S1


def test_the_second_tuesday_of_each_month():
    assert [str(d) for d in a_rhythm().days(date(2027, 1, 1), date(2027, 6, 30))] == [
        "2027-01-12", "2027-02-09", "2027-03-09", "2027-04-13", "2027-05-11", "2027-06-08",
    ]  # fmt: skip


def test_the_last_friday_of_every_third_month():
    rhythm = a_rhythm(weekdays=["FR"], nth=-1, interval=3)
    assert [str(d) for d in rhythm.days(date(2027, 1, 1), date(2027, 12, 31))] == [
        "2027-01-29", "2027-04-30", "2027-07-30", "2027-10-29",
    ]  # fmt: skip


def test_every_second_week_is_counted_from_its_start():
    rhythm = a_weekly(interval=2, weekdays=["TH", "MO"], starts_on="2027-01-06")
    days = [str(d) for d in rhythm.days(date(2027, 1, 1), date(2027, 1, 31))]
    assert days == ["2027-01-07", "2027-01-18", "2027-01-21"]


# S2


def test_local_time_stays_over_the_change_to_summer_time():
    rhythm = a_weekly(weekdays=["SU"])
    assert starts(rhythm, "2027-03-15", "2027-04-05") == [
        "2027-03-21T14:00Z", "2027-03-28T13:00Z", "2027-04-04T13:00Z",
    ]  # fmt: skip


def test_local_time_stays_over_the_change_to_winter_time():
    rhythm = a_weekly(weekdays=["TU"])
    assert starts(rhythm, "2027-10-26", "2027-11-02") == ["2027-10-26T13:00Z", "2027-11-02T14:00Z"]


def test_a_skipped_local_time_moves_forward_once():
    """01:30 does not exist in London on 2027-03-28; RFC 5545, 3.3.5 reads it as 02:30 there."""
    rhythm = a_weekly(weekdays=["SU"], local_time="01:30")
    assert starts(rhythm, "2027-03-21", "2027-04-04") == [
        "2027-03-21T01:30Z", "2027-03-28T01:30Z", "2027-04-04T00:30Z",
    ]  # fmt: skip


def test_of_a_repeated_local_time_the_first_is_meant():
    rhythm = a_weekly(weekdays=["SU"], local_time="01:30")
    assert starts(rhythm, "2027-10-31", "2027-10-31") == ["2027-10-31T00:30Z"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "every month on the second Tuesday, 14:00 Europe/London"),
        ({"nth": -1, "interval": 3}, "every 3 months on the last Tuesday, 14:00 Europe/London"),
        (
            {"frequency": "weekly", "nth": None, "interval": 2, "weekdays": ["FR", "MO", "WE"]},
            "every 2 weeks on Monday, Wednesday and Friday, 14:00 Europe/London",
        ),
        (
            {"frequency": "weekly", "nth": None, "local_time": "09:30", "zone": "UTC"},
            "every week on Tuesday, 09:30 UTC",
        ),
        (
            {"weekdays": ["MO", "TU"]},
            "every month on the second Monday and the second Tuesday, 14:00 Europe/London",
        ),
    ],
)
def test_a_rhythm_reads_as_people_say_it(said: dict[str, Any], words: str):
    assert a_rhythm(**said).in_words() == words


# bad input


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"interval": 0}, "interval"),
        ({"interval": 53}, "interval"),
        ({"interval": "2"}, "interval"),
        ({"frequency": "secondly"}, "frequency"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": ["XX"]}, "weekdays.0"),
        ({"nth": None}, "nth"),
        ({"nth": 5}, "nth"),
        ({"nth": 0}, "nth"),
        ({"frequency": "weekly"}, "nth"),
        ({"local_time": "25:00"}, "local_time"),
        ({"local_time": "14:00Z"}, "local_time"),
        ({"local_time": "14:00+01:00"}, "local_time"),
        ({"local_time": 50400}, "local_time"),
        ({"zone": "Europe/Loondon"}, "zone"),
        ({"zone": "localtime"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": -60}, "minutes"),
        ({"seats": 0}, "seats"),
        ({"title": "a\r\nBcc: eve@example.org"}, "title"),
        ({"title": "\u202egnp.exe"}, "title"),
        ({"venue": "\u2028"}, "venue"),
        ({"join_url": "javascript:alert(1)"}, "join_url"),
        ({"join_url": "https://x.example/ y"}, "join_url"),
        ({"join_url": "https://x.example/\nX:1"}, "join_url"),
        ({"starts_on": 0}, "starts_on"),
        ({"starts_on": "2027-02-30"}, "starts_on"),
        ({"until": "2026-12-31"}, "until"),
        ({"until": "2027-12-31", "count": 3}, "count"),
        ({"count": 0}, "count"),
        ({"rrule": "FREQ=SECONDLY"}, "rrule"),
    ],
)
def test_a_bad_rhythm_is_refused_and_the_field_named(said: dict[str, Any], field: str):
    with pytest.raises(ValidationError) as refused:
        a_rhythm(**said)
    assert field in [".".join(map(str, error["loc"])) for error in refused.value.errors()]
