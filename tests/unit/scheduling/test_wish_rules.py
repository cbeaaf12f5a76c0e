"""A single meeting as people ask for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.scheduling.model import MeetingWish
from services.scheduling.model.details import Details
from services.scheduling.model.local import OtherOffset, SkippedTime
from services.scheduling.model.wish import EndsBeforeStart, Incomplete, TooFarAhead, TooLong
from shared.errors import Invalid

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


def new(**said: Any) -> Details:
    return MeetingWish.model_validate(said).new("Leaders", NOW)


def test_a_moment_with_an_offset_is_that_moment():
    at = datetime(2027, 7, 6, 13, tzinfo=UTC)
    for written in (
        "2027-07-06T13:00:00Z",
        "2027-07-06T14:00:00+01:00",
        "2027-07-06T13:00:00+00:00",
    ):
        assert new(starts_at=written).starts_at == at


def test_a_local_time_is_read_on_the_clocks_of_the_zone():
    assert new(starts_on="2027-07-06", local_time="14:00").starts_at == datetime(
        2027, 7, 6, 13, tzinfo=UTC
    )
    paris = new(starts_on="2027-07-06", local_time="14:00", zone="Europe/Paris")
    assert paris.starts_at == datetime(2027, 7, 6, 12, tzinfo=UTC)


def test_it_lasts_an_hour_unless_said_otherwise_and_bears_the_communitys_name():
    wished = new(starts_at="2027-07-06T13:00:00Z")
    assert wished.ends_at - wished.starts_at == timedelta(hours=1)
    assert (wished.title, wished.zone, wished.format) == ("Leaders", "Europe/London", "online")
    assert new(starts_at="2027-07-06T13:00:00Z", minutes=90).ends_at == datetime(
        2027, 7, 6, 14, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("said", "refusal", "field"),
    [
        ({"starts_on": "2027-03-28", "local_time": "01:30"}, SkippedTime, "local_time"),
        ({"starts_at": "2027-03-28T01:30:00+01:00"}, SkippedTime, "starts_at"),
        ({"starts_at": "2027-01-12T14:00:00+01:00"}, OtherOffset, "starts_at"),
        (
            {"starts_at": "2027-01-12T14:00:00Z", "ends_at": "2027-01-12T16:00:00+01:00"},
            OtherOffset,
            "ends_at",
        ),
        (
            {"starts_at": "2027-01-12T14:00:00Z", "ends_at": "2027-01-12T13:00:00Z"},
            EndsBeforeStart,
            "ends_at",
        ),
        (
            {"starts_at": "2027-01-12T14:00:00Z", "ends_at": "2027-01-12T14:00:00Z"},
            EndsBeforeStart,
            "ends_at",
        ),
        (
            {"starts_at": "2027-01-12T14:00:00Z", "ends_at": "2027-02-12T14:00:00Z"},
            TooLong,
            "ends_at",
        ),
        ({"starts_at": "2127-01-12T14:00:00Z"}, TooFarAhead, "starts_at"),
        ({"local_time": "14:00"}, Incomplete, "starts_at"),
        ({"starts_on": "2027-01-12"}, Incomplete, "starts_at"),
        ({}, Incomplete, "starts_at"),
    ],
)
def test_what_cannot_be_is_refused_and_the_field_named(
    said: dict[str, Any], refusal: type[Invalid], field: str
):
    with pytest.raises(refusal) as refused:
        new(**said)
    assert refused.value.extra["errors"] == [{"field": field, "message": refused.value.detail}]


@pytest.mark.parametrize(
    "said",
    [
        {"starts_at": "2027-01-12T14:00:00"},
        {"starts_at": 1799762400},
        {"starts_at": "1799762400"},
        {"starts_at": "tomorrow"},
        {"starts_at": "2027-01-12T14:00:00Z", "local_time": "14:00"},
        {"starts_at": "2027-01-12T14:00:00Z", "ends_at": "2027-01-12T15:00:00Z", "minutes": 60},
        {"starts_at": "2027-01-12T14:00:00Z", "zone": "Mars/Olympus"},
        {"starts_at": "2027-01-12T14:00:00Z", "seats": -1},
        {"starts_at": "2027-01-12T14:00:00Z", "title": "a\nb"},
        {"starts_at": "2027-01-12T14:00:00Z", "format": "telepathy"},
        {"starts_at": "2027-01-12T14:00:00Z", "capacity": 3},
    ],
)
def test_what_cannot_be_read_is_refused(said: dict[str, Any]):
    with pytest.raises(ValidationError):
        MeetingWish.model_validate(said)


BEFORE = new(starts_at="2027-07-06T13:00:00Z", minutes=90, venue="Room 1", seats=5)


def applied(**said: Any) -> Details:
    return MeetingWish.model_validate(said).applied_to(BEFORE, NOW)


def test_another_start_keeps_the_length():
    moved = applied(starts_at="2027-07-07T13:00:00Z")
    assert moved.ends_at == datetime(2027, 7, 7, 14, 30, tzinfo=UTC)
    assert (moved.venue, moved.seats, moved.title) == ("Room 1", 5, "Leaders")


def test_another_day_keeps_the_local_time_over_the_change_to_winter_time():
    assert applied(starts_on="2027-11-02").starts_at == datetime(2027, 11, 2, 14, tzinfo=UTC)


def test_another_local_time_keeps_the_day():
    assert applied(local_time="10:00").starts_at == datetime(2027, 7, 6, 9, tzinfo=UTC)


def test_null_takes_away_and_absence_keeps():
    assert applied(venue=None).venue is None
    assert applied(seats=None).seats is None
    assert applied(title="New").venue == "Room 1"


def test_a_change_is_held_against_the_same_rules():
    with pytest.raises(EndsBeforeStart):
        applied(ends_at="2027-07-06T12:00:00Z")
    with pytest.raises(SkippedTime):
        applied(starts_on="2027-03-28", local_time="01:30")
