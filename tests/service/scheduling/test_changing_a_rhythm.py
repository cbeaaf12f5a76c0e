"""Another rhythm, or none: what people count on stays or is cancelled, what nobody knows of goes quietly."""

from datetime import UTC, datetime, timedelta

from shared.contracts.scheduling import (
    MeetingCancelled,
    MeetingMoved,
    MeetingScheduled,
    MeetingWithdrawn,
    RhythmChosen,
    RhythmEnded,
)
from tests.service.scheduling.meetings import starts

MONDAY = datetime(2027, 1, 4, 9, tzinfo=UTC)


async def test_another_rhythm_cancels_what_people_count_on_and_takes_back_the_rest_quietly(region):
    await region.rhythm()
    march = (await region.meetings())[2]
    await region.answers("ann", f"/meetings/{march['meeting_id']}")
    before = await region.told()
    await region.rhythm(nth=3)
    told = await region.told_since(before)
    cancelled = [e for e in told if isinstance(e, MeetingCancelled)]
    assert {str(e.starts_at.date()) for e in cancelled} == {"2027-01-12", "2027-03-09"}
    assert all(e.revision == 1 and "third Tuesday" in e.reason for e in cancelled)
    assert len([e for e in told if isinstance(e, MeetingWithdrawn)]) == 4
    assert len([e for e in told if isinstance(e, RhythmChosen)]) == 1
    confirmed = [one for one in await region.meetings() if one["status"] == "confirmed"]
    assert [one["starts_at"][:10] for one in confirmed] == [
        "2027-01-19", "2027-02-16", "2027-03-16", "2027-04-20", "2027-05-18", "2027-06-15",
    ]  # fmt: skip


async def test_on_days_both_rhythms_share_meetings_go_on_with_their_answers(region):
    await region.rhythm()
    january, *_ = await region.meetings()
    await region.answers("ann", f"/meetings/{january['meeting_id']}")
    before = await region.told()
    await region.rhythm(local_time="15:00")
    told = await region.told_since(before)
    moved = [event for event in told if isinstance(event, MeetingMoved)]
    assert len(moved) == 6
    assert len(told) == 7  # and the choice
    after = (await region.ann.get(f"/meetings/{january['meeting_id']}")).json()
    assert (after["starts_at"], after["revision"]) == ("2027-01-12T15:00:00Z", 1)
    assert after["my_status"] == "accepted"


async def test_a_rhythm_that_starts_later_lets_the_old_one_run_until_then(region):
    await region.rhythm()
    await region.rhythm(nth=3, starts_on="2027-03-01")
    confirmed = [one for one in await region.meetings() if one["status"] == "confirmed"]
    assert [one["starts_at"][:10] for one in confirmed] == [
        "2027-01-12", "2027-02-09", "2027-03-16", "2027-04-20", "2027-05-18", "2027-06-15",
    ]  # fmt: skip
    assert await region.told(MeetingCancelled) == []


async def test_a_rhythm_that_has_not_started_may_be_put_right_without_starting_early(region):
    await region.rhythm()
    await region.rhythm(nth=3, starts_on="2027-03-01")
    await region.rhythm(nth=3, title="Circle")
    confirmed = [one for one in await region.meetings() if one["status"] == "confirmed"]
    assert [(one["starts_at"][:10], one["title"]) for one in confirmed[:3]] == [
        ("2027-01-12", "Leaders"),
        ("2027-02-09", "Leaders"),
        ("2027-03-16", "Circle"),
    ]


async def test_a_rhythm_that_starts_beyond_the_horizon_leaves_no_gap(region):
    await region.rhythm()
    await region.rhythm(nth=3, starts_on="2027-10-01")
    found = starts(await region.meetings(**{"from": "2027-06-01T00:00:00Z"}))
    assert [at[:10] for at in found] == ["2027-06-08", "2027-07-13", "2027-08-10", "2027-09-14"]
    await region.at(datetime(2027, 5, 1, tzinfo=UTC))
    found = starts(await region.meetings(**{"from": "2027-09-20T00:00:00Z"}))
    assert [at[:10] for at in found] == ["2027-10-19"]


async def test_what_somebody_arranged_by_hand_stays_through_a_change(region):
    await region.rhythm()
    single = await region.meeting(title="Extra")
    january, february, march, *_ = await region.meetings(**{"from": "2027-01-05T00:00:00Z"})
    assert february["title"] == "Extra"
    await region.fay.patch(f"/meetings/{january['meeting_id']}", json={"local_time": "16:00"})
    await region.fay.post(f"/meetings/{march['meeting_id']}/cancellation", json={"reason": "away"})
    await region.rhythm(local_time="10:00")
    after = {one["meeting_id"]: one for one in await region.meetings()}
    assert after[january["meeting_id"]]["starts_at"] == "2027-01-12T16:00:00Z"
    assert after[single.rpartition("/")[2]]["status"] == "confirmed"
    days = [one["starts_at"][:10] for one in after.values()]
    assert len(days) == len(set(days)) == 7, "no second meeting on a day that was arranged"


async def test_ending_a_rhythm_keeps_what_people_count_on(region):
    await region.rhythm()
    reply = await region.fay.delete("/communities/c1/rhythm")
    assert reply.status_code == 204
    assert starts(await region.meetings()) == ["2027-01-12T14:00:00Z"]
    assert len(await region.told(RhythmEnded)) == 1
    assert len(await region.told(MeetingWithdrawn)) == 5
    assert (await region.fay.get("/communities/c1/rhythm")).status_code == 404
    assert (await region.fay.delete("/communities/c1/rhythm")).status_code == 404
    await region.at(MONDAY + timedelta(days=90))
    assert len(await region.told(MeetingScheduled)) == 6
