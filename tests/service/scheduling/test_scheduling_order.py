"""Between topics there is no order, and facts come again: what scheduling hears, it hears right."""

from datetime import UTC, datetime

from shared.contracts.membership import MemberJoined, MemberLeft
from shared.contracts.scheduling import MeetingScheduled, SeatDeclined, SeatPromoted
from shared.events.cloudevents import Origin, write


async def test_a_rhythm_chosen_before_the_community_is_heard_of_is_to_be_sent_again(service):
    fay = service.as_("fay")
    rhythm = {"frequency": "monthly", "weekdays": ["TU"], "nth": 2, "local_time": "14:00"}
    reply = await fay.put("/communities/c1/rhythm", json=rhythm)
    assert reply.status_code == 404
    assert reply.json()["type"] == "urn:copse:problem:unknown-community"
    assert "try again" in reply.json()["detail"]


async def test_a_rhythm_may_be_chosen_as_soon_as_the_community_is_heard_of(region):
    await region.starts("c2")
    await region.rhythm("c2")
    assert len(await region.meetings("c2")) == 6


async def test_hearing_of_a_community_again_changes_nothing(region):
    await region.rhythm()
    before = await region.stored()
    await region.starts("c1")
    assert await region.stored() | {"memberships": ()} == before | {"memberships": ()}


async def test_a_leaving_that_is_heard_twice_frees_one_seat_once(region):
    path = await region.meeting(seats=1)
    for person_id in ("ann", "bob", "cem"):
        await region.answers(person_id, path)
    left = MemberLeft(community_id="c1", person_id="ann")
    record = write(left, 99, Origin("/copse/membership"))
    for _ in range(2):
        await region.service.arrives(left.topic, b"c1", record["value"], record["headers"])
    assert [event.person_id for event in await region.told(SeatDeclined)] == ["ann"]
    assert [event.person_id for event in await region.told(SeatPromoted)] == ["bob"]


async def test_who_comes_back_may_answer_again(region):
    path = await region.meeting(seats=1)
    await region.answers("ann", path)
    await region.leaves("ann")
    await region.join("ann")
    assert (await region.ann.get(path)).json()["my_status"] == "needs-action"
    assert (await region.answers("ann", path))["status"] == "accepted"


async def test_an_old_role_that_arrives_late_gives_nothing_back(region):
    await region.gets_role("ann", "co-facilitator")
    await region.gets_role("ann", "member")
    joined = MemberJoined(community_id="c1", person_id="ann", role="facilitator")
    record = write(joined, 1, Origin("/copse/membership"))
    await region.service.arrives(joined.topic, b"c1", record["value"], record["headers"])
    reply = await region.ann.post(
        "/communities/c1/meetings", json={"starts_at": "2027-02-01T14:00:00Z"}
    )
    assert reply.status_code == 403


async def test_a_community_that_changes_its_name_keeps_its_meetings(region):
    await region.rhythm()
    await region.redefines("c1", "open")
    await region.at(datetime(2027, 3, 20, tzinfo=UTC))
    assert len(await region.told(MeetingScheduled)) == 9


async def test_a_role_that_is_heard_of_before_the_joining_gives_nothing_yet(region):
    await region.gets_role("zoe", "co-facilitator")
    path = await region.meeting()
    reply = await region.zoe.put(f"{path}/rsvp", json={"status": "accepted"})
    assert (reply.status_code, reply.json()["type"]) == (403, "urn:copse:problem:members-only")
    assert "join_url" not in (await region.zoe.get(path)).json()
