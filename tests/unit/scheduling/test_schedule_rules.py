"""What becomes of the meetings when a community decides about its rhythm."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.scheduling.model import Meeting, Rhythm, Schedule
from services.scheduling.model.schedule import BadStart, NoMeetings, NoRhythm
from shared.contracts.scheduling import RhythmChosen, RhythmEnded

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)  # a Monday
URL = "https://copse.example/feeds/t.ics"
EMPTY = Schedule(community_id="c1", feed_token="t")


def a_wish(**said: Any) -> Rhythm:
    usual = {"frequency": "monthly", "weekdays": ["TU"], "nth": 2, "local_time": "14:00"}
    return Rhythm.model_validate(usual | said)


def chosen(schedule: Schedule = EMPTY, at: datetime = NOW, **said: Any) -> Schedule:
    after, *_ = schedule.choose(a_wish(**said), "ann", URL, at)
    return after


def test_a_choice_is_told_once_with_the_feeds_address():
    schedule, event = EMPTY.choose(a_wish(), "ann", URL, NOW)
    assert isinstance(event, RhythmChosen)
    assert (event.feed_url, event.chosen_by) == (URL, "ann")
    assert event.description == "every month on the second Tuesday, 14:00 Europe/London"
    assert schedule.choose(a_wish(), "bob", URL, NOW + timedelta(days=40)) == (schedule,)


def test_another_title_does_not_shift_the_weeks():
    weekly = {"frequency": "weekly", "nth": None, "interval": 2}
    schedule = chosen(**weekly)
    assert schedule.next_on == date(2027, 1, 5)
    later = chosen(schedule, NOW + timedelta(days=7), **weekly, title="Circle")
    assert later.next_on == date(2027, 1, 19)


def test_a_rhythm_starts_today_or_within_a_year():
    assert chosen(starts_on="2027-01-04").next_on == date(2027, 1, 12)
    for day in ("2027-01-03", "2028-02-01"):
        with pytest.raises(BadStart):
            chosen(starts_on=day)
    schedule = chosen()
    again = a_wish(starts_on="2027-01-04")
    assert schedule.choose(again, "ann", URL, NOW + timedelta(days=30)) == (schedule,)


def test_a_rhythm_without_a_meeting_is_refused():
    with pytest.raises(NoMeetings):
        chosen(until="2027-01-11")


def test_the_horizon_is_six_months_and_rolls():
    schedule = chosen()
    last = schedule.horizon(NOW)
    assert last == date(2027, 7, 4)
    days = schedule.days_due(last)
    assert [day.month for day in days] == [1, 2, 3, 4, 5, 6]
    extended = schedule.extended(last)
    assert extended.next_on == date(2027, 7, 13)
    assert extended.days_due(last) == []
    assert extended.days_due(date(2027, 7, 13)) == [date(2027, 7, 13)]
    assert extended.extended(date(2027, 7, 5)) == extended


def test_a_rhythm_that_ends_gives_no_more():
    schedule = chosen(count=2).extended(date(2027, 7, 4))
    assert schedule.next_on is None
    assert schedule.days_due(date(2029, 1, 1)) == []


def test_ids_follow_from_the_choice_and_the_day():
    schedule = chosen()
    one, *_ = schedule.new_meeting(date(2027, 1, 12), "Leaders", NOW)
    again, *_ = schedule.new_meeting(date(2027, 1, 12), "Leaders", NOW)
    other, *_ = schedule.new_meeting(date(2027, 2, 9), "Leaders", NOW)
    assert one.meeting_id == again.meeting_id != other.meeting_id
    assert one.uid == f"{one.meeting_id}@copse"
    anew, *_ = chosen(schedule, local_time="15:00").new_meeting(date(2027, 1, 12), "Leaders", NOW)
    assert anew.meeting_id != one.meeting_id


# changing a rhythm


def a_meeting(day: date, *, announced: bool = False, answered: bool = False) -> Meeting:
    meeting, *_ = chosen().new_meeting(day, "Leaders", NOW - timedelta(days=365))
    if announced:
        meeting, *_ = meeting.announce(meeting.starts_at - timedelta(hours=1))
    if answered:
        meeting, *_ = meeting.answer("ann", "accepted", NOW)
    return meeting


def adapted(meeting: Meeting, at: datetime = NOW, **said: Any) -> tuple[Meeting, list[str]]:
    after, *events = chosen(**said).adapt(meeting, "Leaders", at)
    return after, [type(event).__name__ for event in events]


def test_on_a_shared_day_a_meeting_goes_on_with_its_answers():
    before = a_meeting(date(2027, 3, 9), announced=True, answered=True)
    after, told = adapted(before, local_time="15:00")
    assert told == ["MeetingMoved"]
    assert (after.meeting_id, after.revision, after.answers) == (
        before.meeting_id,
        1,
        before.answers,
    )
    assert after.starts_at == datetime(2027, 3, 9, 15, tzinfo=UTC)
    assert not after.by_hand


def test_on_a_shared_day_nothing_new_is_nothing_said():
    before = a_meeting(date(2027, 3, 9))
    assert adapted(before, frequency="weekly", nth=None) == (before, [])


@pytest.mark.parametrize("known", ["announced", "answered"])
def test_on_another_day_a_meeting_that_people_count_on_is_cancelled(known: str):
    after, told = adapted(a_meeting(date(2027, 3, 9), **{known: True}), nth=3)
    assert told == ["MeetingCancelled"]
    assert "third Tuesday" in (after.reason or "")
    assert not after.by_hand


def test_on_another_day_a_meeting_nobody_counts_on_is_taken_back_quietly():
    after, told = adapted(a_meeting(date(2027, 3, 9)), nth=3)
    assert (after.status, told) == ("withdrawn", ["MeetingWithdrawn"])


def test_todays_meeting_stays_where_the_new_time_is_over():
    today = a_meeting(date(2027, 1, 12), announced=True)
    assert adapted(today, datetime(2027, 1, 12, 12, tzinfo=UTC), local_time="10:00") == (today, [])


def test_a_rhythm_ends_once():
    schedule, event = chosen().end()
    assert isinstance(event, RhythmEnded)
    assert schedule.days_due(date(2028, 1, 1)) == []
    with pytest.raises(NoRhythm):
        schedule.end()
    assert chosen(schedule).revision == 3
