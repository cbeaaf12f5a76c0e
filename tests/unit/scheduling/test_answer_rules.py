"""S8, S9: who has a seat, who waits, and in which order."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.scheduling import (
    SeatConsidered,
    SeatDeclined,
    SeatPromoted,
    SeatTaken,
)
from tests.unit.scheduling.meetings import NOW, a_meeting, kinds, with_answers


def test_who_accepts_has_a_seat_until_none_is_free():
    meeting = a_meeting(seats=2)
    told: list[Any] = []
    for person_id in ("ann", "bob", "cem", "dee"):
        meeting, *events = meeting.answer(person_id, "accepted", NOW)
        told += events
    assert kinds(told) == ["SeatTaken", "SeatTaken", "SeatAwaited", "SeatAwaited"]
    assert [event.position for event in told[2:]] == [1, 2]


def test_a_freed_seat_goes_to_the_first_in_line_at_once():
    meeting = with_answers(a_meeting(seats=1), *((p, "accepted") for p in ("ann", "bob", "cem")))
    after, declined, promoted = meeting.answer("ann", "declined", NOW)
    assert declined == SeatDeclined(meeting_id="m1", community_id="c1", person_id="ann")
    assert promoted == SeatPromoted(meeting_id="m1", community_id="c1", person_id="bob")
    assert after.answers.status_of("bob") == "accepted"
    assert after.answers.position_of("cem") == 1


def test_perhaps_holds_no_seat():
    meeting = with_answers(a_meeting(seats=1), ("ann", "accepted"), ("bob", "accepted"))
    _, *events = meeting.answer("ann", "tentative", NOW)
    assert [type(event) for event in events] == [SeatConsidered, SeatPromoted]


def test_the_same_answer_again_changes_nothing():
    meeting = with_answers(
        a_meeting(seats=1),
        ("ann", "accepted"),
        ("bob", "accepted"),
        ("cem", "declined"),
        ("dee", "tentative"),
    )
    for person_id, wish in (
        ("ann", "accepted"),
        ("bob", "accepted"),
        ("cem", "declined"),
        ("dee", "tentative"),
    ):
        assert meeting.answer(person_id, wish, NOW) == (meeting,)  # type: ignore[arg-type]


def test_who_declines_while_waiting_leaves_the_line():
    meeting = with_answers(a_meeting(seats=1), *((p, "accepted") for p in ("ann", "bob", "cem")))
    after, *events = meeting.answer("bob", "declined", NOW)
    assert kinds(events) == ["SeatDeclined"]
    assert after.answers.position_of("cem") == 1


def test_who_comes_back_stands_at_the_end_of_the_line():
    meeting = with_answers(a_meeting(seats=1), *((p, "accepted") for p in ("ann", "bob", "cem")))
    meeting = with_answers(meeting, ("bob", "declined"), ("bob", "accepted"))
    assert meeting.answers.waiting == ("cem", "bob")


def test_who_leaves_the_community_frees_the_seat():
    meeting = with_answers(a_meeting(seats=1), ("ann", "accepted"), ("bob", "accepted"))
    after, *events = meeting.release("ann")
    assert kinds(events) == ["SeatDeclined", "SeatPromoted"]
    assert events[0] == SeatDeclined(meeting_id="m1", community_id="c1", person_id="ann", left=True)
    assert after.answers.status_of("ann") == "needs-action"
    assert after.answers.coming == ("bob",)


def test_who_leaves_without_a_seat_is_not_told_of():
    meeting = with_answers(a_meeting(), ("ann", "declined"))
    assert kinds(meeting.release("ann")[1:]) == []
    assert kinds(meeting.release("zoe")[1:]) == []


steps = st.lists(
    st.tuples(
        st.sampled_from(["accepted", "declined", "tentative", "leave"]), st.sampled_from("abcdefgh")
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(steps=steps, seats=st.none() | st.integers(1, 5))
def test_whatever_people_answer_seats_go_in_order(steps: list[tuple[Any, str]], seats: int | None):
    """Against a reference that keeps one line of everybody who wants to come, in order."""
    meeting, line = a_meeting(seats=seats), list[str]()
    told: dict[str, str] = {}
    for wish, person_id in steps:
        if wish == "leave":
            meeting, *events = meeting.release(person_id)
        else:
            meeting, *events = meeting.answer(person_id, wish, NOW)
        if wish == "accepted":
            line += [] if person_id in line else [person_id]
        else:
            line = [one for one in line if one != person_id]
        for event in events:
            told[event.person_id] = type(event).__name__  # type: ignore[attr-defined]
        coming = line if seats is None else line[:seats]
        answers = meeting.answers
        assert list(answers.coming) == coming
        assert list(answers.waiting) == line[len(coming) :]
        everybody = answers.everybody()
        assert len(everybody) == len(set(everybody))
        heard = {p for p, kind in told.items() if kind in ("SeatTaken", "SeatPromoted")}
        assert heard == set(coming), "events alone tell who comes"
        assert {p for p, kind in told.items() if kind == "SeatAwaited"} == set(answers.waiting)
    assert SeatTaken.type.endswith(".v1")
