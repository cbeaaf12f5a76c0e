"""S8, S9: seats, and the line for them, right under load."""

import asyncio
from datetime import UTC, datetime

import pytest

from shared.contracts.scheduling import SeatAwaited, SeatDeclined, SeatPromoted, SeatTaken


async def test_who_answers_hears_what_came_of_it(region):
    path = await region.meeting(seats=1)
    assert await region.answers("ann", path) == {
        "person_id": "ann",
        "status": "accepted",
        "position": None,
    }
    assert await region.answers("bob", path) == {
        "person_id": "bob",
        "status": "waitlisted",
        "position": 1,
    }
    assert await region.answers("cem", path, "tentative") == {
        "person_id": "cem", "status": "tentative", "position": None,
    }  # fmt: skip
    seen = (await region.bob.get(path)).json()
    assert (seen["seats_left"], seen["coming"], seen["waiting"], seen["my_position"]) == (
        0,
        1,
        1,
        1,
    )


async def test_a_freed_seat_goes_to_the_first_in_line_at_once(region):
    path = await region.meeting(seats=1)
    for person_id in ("ann", "bob", "cem"):
        await region.answers(person_id, path)
    before = await region.told()
    await region.answers("ann", path, "declined")
    assert [(type(e), e.person_id) for e in await region.told_since(before)] == [
        (SeatDeclined, "ann"),
        (SeatPromoted, "bob"),
    ]
    assert (await region.cem.get(path)).json()["my_position"] == 1


async def test_the_same_answer_again_is_told_once(region):
    path = await region.meeting()
    for _ in range(3):
        await region.answers("ann", path)
    assert len(await region.told(SeatTaken)) == 1


async def test_more_seats_let_those_who_wait_come(region):
    path = await region.meeting(seats=1)
    for person_id in ("ann", "bob", "cem"):
        await region.answers(person_id, path)
    await region.fay.patch(path, json={"seats": None})
    assert [event.person_id for event in await region.told(SeatPromoted)] == ["bob", "cem"]


async def test_who_leaves_the_community_loses_the_seats_to_come(region):
    one, two = await region.meeting(seats=1), await region.meeting(seats=1)
    for path in (one, two):
        await region.answers("ann", path)
    await region.answers("bob", one)
    before = await region.told()
    await region.leaves("ann")
    told = [(type(e), e.person_id) for e in await region.told_since(before)]
    assert sorted(told, key=str) == sorted(
        [(SeatDeclined, "ann"), (SeatPromoted, "bob"), (SeatDeclined, "ann")], key=str
    )
    assert (await region.bob.get(one)).json()["my_status"] == "accepted"
    assert (await region.fay.get(two)).json()["coming"] == 0


async def test_who_leaves_still_was_at_the_meetings_before(region):
    path = await region.meeting(starts_at="2027-01-05T10:00:00Z")
    await region.answers("ann", path)
    region.service.clock(datetime(2027, 1, 6, tzinfo=UTC))
    await region.leaves("ann")
    assert (await region.fay.get(path)).json()["coming"] == 1


async def test_facilitators_read_every_answer_and_members_their_own(region):
    path = await region.meeting(seats=1)
    for person_id, status in (("ann", "accepted"), ("bob", "accepted"), ("cem", "declined")):
        await region.answers(person_id, path, status)
    everybody = (await region.fay.get(f"{path}/rsvps")).json()["items"]
    assert [(one["person_id"], one["status"]) for one in everybody] == [
        ("ann", "accepted"), ("bob", "waitlisted"), ("cem", "declined"),
    ]  # fmt: skip
    own = (await region.bob.get(f"{path}/rsvps")).json()["items"]
    assert own == [{"person_id": "bob", "status": "waitlisted", "position": 1}]
    first = (await region.fay.get(f"{path}/rsvps", params={"limit": "2"})).json()
    rest = (
        await region.fay.get(f"{path}/rsvps", params={"limit": "2", "cursor": first["next"]})
    ).json()
    assert first["items"] + rest["items"] == everybody
    assert rest["next"] is None


async def test_who_does_not_belong_cannot_come(region):
    path = await region.meeting()
    reply = await region.zoe.put(f"{path}/rsvp", json={"status": "accepted"})
    assert (reply.status_code, reply.json()["type"]) == (403, "urn:copse:problem:members-only")
    await region.leaves("ann")
    reply = await region.ann.put(f"{path}/rsvp", json={"status": "accepted"})
    assert reply.status_code == 403
    assert await region.told(SeatTaken) == []


async def test_an_answer_and_a_leaving_at_the_same_moment_leave_no_seat_to_nobody(region):
    for turn in range(10):
        person_id = f"p{turn}"
        await region.join(person_id)
        path = await region.meeting(seats=1)
        client = getattr(region, person_id)
        await asyncio.gather(
            client.put(f"{path}/rsvp", json={"status": "accepted"}), region.leaves(person_id)
        )
        assert (await region.fay.get(path)).json()["coming"] == 0


@pytest.mark.timeout(300)
async def test_fifty_answers_at_once_for_ten_seats_twenty_times(region):
    people = [f"p{n}" for n in range(50)]
    await region.join(*people)
    for _ in range(20):
        path = await region.meeting(seats=10)
        replies = await asyncio.gather(*(region.answers(person_id, path) for person_id in people))
        accepted = [one for one in replies if one["status"] == "accepted"]
        waiting = [one for one in replies if one["status"] == "waitlisted"]
        assert (len(accepted), len(waiting)) == (10, 40)
        assert sorted(one["position"] for one in waiting) == list(range(1, 41))
        kept = (await region.fay.get(f"{path}/rsvps", params={"limit": "200"})).json()["items"]
        assert {one["person_id"] for one in kept[:10]} == {one["person_id"] for one in accepted}
        in_order = sorted(waiting, key=lambda one: one["position"])
        assert kept[10:] == in_order
    assert len(await region.told(SeatTaken)) == 20 * 10
    assert len(await region.told(SeatAwaited)) == 20 * 40
