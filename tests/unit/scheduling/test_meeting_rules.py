"""What may happen to one meeting, and who then comes."""

from datetime import timedelta
from typing import Any

import pytest

from services.scheduling.model import Meeting
from services.scheduling.model.details import InThePast
from services.scheduling.model.meeting import AlreadyCancelled, MeetingOver
from shared.contracts.scheduling import (
    MeetingAnnounced,
    MeetingCancelled,
    MeetingMoved,
    MeetingRedescribed,
    MeetingScheduled,
    SeatAwaited,
)
from tests.unit.scheduling.meetings import HOUR, NOW, START, a_meeting, details, kinds, with_answers

# announcing


def test_a_meeting_of_a_rhythm_is_announced_when_its_notice_time_comes():
    meeting = a_meeting()
    early = START - timedelta(days=21, seconds=1)
    assert meeting.announce(early) == (meeting,)
    announced, event = meeting.announce(START - timedelta(days=21))
    assert isinstance(event, MeetingAnnounced)
    assert announced.announce(START - timedelta(days=20)) == (announced,)


def test_a_meeting_within_its_notice_time_is_announced_as_it_is_scheduled():
    _, *events = Meeting.schedule("m1", "c1", details(), START - 5 * HOUR, notice_days=21)
    assert kinds(events) == ["MeetingScheduled", "MeetingAnnounced"]


def test_a_single_meeting_is_announced_at_once_however_far_ahead():
    _, *events = Meeting.schedule("m1", "c1", details(), NOW)
    assert kinds(events) == ["MeetingScheduled", "MeetingAnnounced"]


def test_a_meeting_that_has_begun_or_is_cancelled_is_not_announced():
    meeting = a_meeting()
    assert meeting.announce(START) == (meeting,)
    cancelled, _ = meeting.cancel("snow", NOW)
    assert cancelled.announce(START - HOUR) == (cancelled,)


def test_another_notice_time_holds_for_meetings_not_announced_yet():
    meeting = a_meeting().give_notice(40)
    announced, event = meeting.announce(START - timedelta(days=40))
    assert isinstance(event, MeetingAnnounced)
    assert announced.give_notice(3) == announced


def test_what_is_scheduled_is_told_whole():
    _, event, *_ = Meeting.schedule(
        "m1", "c1", details(venue="Room 1", seats=3), NOW, notice_days=1
    )
    assert isinstance(event, MeetingScheduled)
    assert (event.uid, event.revision, event.status) == ("m1@copse", 0, "confirmed")
    assert (event.starts_at, event.ends_at) == (START, START + HOUR)
    assert (event.venue, event.join_url, event.seats) == ("Room 1", "https://meet.example.org/1", 3)
    assert event.updated_at == NOW


def test_nothing_is_scheduled_in_the_past():
    with pytest.raises(InThePast):
        Meeting.schedule("m1", "c1", details(), START)


# changing


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": START + HOUR, "ends_at": START + 2 * HOUR},
        {"ends_at": START + 2 * HOUR},
        {"venue": "Room 2"},
        {"join_url": None},
        {"format": "hybrid"},
        {"zone": "Europe/Paris"},
    ],
)
def test_another_time_or_place_raises_the_sequence_and_keeps_the_uid(change: dict[str, Any]):
    meeting = with_answers(a_meeting(), ("ann", "accepted"))
    moved, event = meeting.change(details(**change), NOW + HOUR)
    assert isinstance(event, MeetingMoved)
    assert (event.uid, event.revision) == (meeting.uid, 1)
    assert event.updated_at == NOW + HOUR
    assert moved.answers == meeting.answers
    assert moved.by_hand


def test_another_title_keeps_the_sequence():
    changed, event = a_meeting().change(details(title="Reading circle"), NOW)
    assert isinstance(event, MeetingRedescribed)
    assert (event.title, event.revision) == ("Reading circle", 0)
    assert changed.title == "Reading circle"


def test_a_change_to_the_same_is_none():
    meeting = a_meeting()
    assert meeting.change(details(), NOW + HOUR) == (meeting,)


def test_more_seats_go_to_those_who_wait_in_order():
    meeting = with_answers(
        a_meeting(seats=1), *((p, "accepted") for p in ("ann", "bob", "cem", "dee"))
    )
    changed, *events = meeting.change(details(seats=3), NOW)
    assert changed.answers.coming == ("ann", "bob", "cem")
    assert changed.answers.waiting == ("dee",)
    assert kinds(events) == ["MeetingRedescribed", "SeatPromoted", "SeatPromoted"]
    assert [event.person_id for event in events[1:]] == ["bob", "cem"]


def test_fewer_seats_take_no_seat_away():
    meeting = with_answers(a_meeting(seats=2), ("ann", "accepted"), ("bob", "accepted"))
    changed, *_ = meeting.change(details(seats=1), NOW)
    assert changed.answers.coming == ("ann", "bob")
    changed, *events = changed.answer("cem", "accepted", NOW)
    assert isinstance(events[0], SeatAwaited)
    changed, *events = changed.answer("ann", "declined", NOW)
    assert kinds(events) == ["SeatDeclined"]


def test_a_meeting_moved_before_its_announcement_is_announced_as_early_before():
    moved, *_ = a_meeting().change(
        details(starts_at=START + 48 * HOUR, ends_at=START + 49 * HOUR), NOW
    )
    assert moved.announce_at == START + 48 * HOUR - timedelta(days=21)


def test_the_past_does_not_change():
    meeting = a_meeting()
    for attempt in (
        lambda: meeting.change(details(title="x"), START + HOUR),
        lambda: meeting.cancel("snow", START + HOUR),
        lambda: meeting.answer("ann", "accepted", START + HOUR),
    ):
        with pytest.raises(MeetingOver):
            attempt()
    with pytest.raises(InThePast):
        meeting.change(details(starts_at=NOW - HOUR), NOW)


# S5


def test_cancelling_raises_the_sequence_keeps_the_uid_and_says_why():
    meeting = a_meeting()
    cancelled, event = meeting.cancel("Snow", NOW + HOUR)
    assert isinstance(event, MeetingCancelled)
    assert (event.uid, event.revision, event.status, event.reason) == (
        meeting.uid,
        1,
        "cancelled",
        "Snow",
    )
    assert event.starts_at == START
    assert cancelled.reason == "Snow"


def test_a_cancelled_meeting_is_cancelled_for_good():
    cancelled, _ = a_meeting().cancel("Snow", NOW)
    for attempt in (
        lambda: cancelled.cancel("again", NOW),
        lambda: cancelled.change(details(title="x"), NOW),
        lambda: cancelled.answer("ann", "accepted", NOW),
    ):
        with pytest.raises(AlreadyCancelled):
            attempt()
