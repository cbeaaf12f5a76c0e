"""S5 and single meetings: scheduled, moved and cancelled by hand."""

from datetime import UTC, datetime

from shared.contracts.scheduling import (
    MeetingAnnounced,
    MeetingCancelled,
    MeetingMoved,
    MeetingRedescribed,
    MeetingScheduled,
)


async def test_a_single_meeting_is_announced_at_once(region):
    path = await region.meeting(title="Extra", starts_at="2027-11-02T14:00:00Z", minutes=90)
    [scheduled] = await region.told(MeetingScheduled)
    [announced] = await region.told(MeetingAnnounced)
    assert scheduled.meeting_id == announced.meeting_id == path.rpartition("/")[2]
    meeting = (await region.ann.get(path)).json()
    assert (meeting["title"], meeting["ends_at"]) == ("Extra", "2027-11-02T15:30:00Z")
    assert (meeting["revision"], meeting["my_status"]) == (0, "needs-action")
    await region.service.tick()
    assert len(await region.told(MeetingAnnounced)) == 1


async def test_a_meeting_is_scheduled_by_the_clocks_of_its_zone(region):
    body = {"starts_on": "2027-07-06", "local_time": "14:00", "starts_at": None}
    path = await region.meeting(**body, zone="Europe/Paris")
    assert (await region.ann.get(path)).json()["starts_at"] == "2027-07-06T12:00:00Z"


async def test_a_meeting_sent_again_with_its_key_is_scheduled_once(region):
    for _ in range(2):
        reply = await region.fay.post(
            "/communities/c1/meetings",
            json={"starts_at": "2027-02-01T14:00:00Z"},
            headers={"idempotency-key": "k1"},
        )
        assert reply.status_code == 201
    assert len(await region.told(MeetingScheduled)) == 1


async def test_a_moved_meeting_keeps_uid_and_answers_and_raises_the_sequence(region):
    path = await region.meeting()
    await region.answers("ann", path)
    before = (await region.ann.get(path)).json()
    reply = await region.fay.patch(path, json={"starts_at": "2027-02-02T14:00:00Z"})
    assert reply.status_code == 200
    [moved] = await region.told(MeetingMoved)
    assert (moved.uid, moved.revision) == (before["uid"], 1)
    after = (await region.ann.get(path)).json()
    assert (after["starts_at"], after["ends_at"]) == (
        "2027-02-02T14:00:00Z",
        "2027-02-02T15:00:00Z",
    )
    assert after["my_status"] == "accepted"


async def test_another_title_is_no_move_and_the_same_again_is_nothing(region):
    path = await region.meeting()
    for _ in range(2):
        reply = await region.fay.patch(path, json={"title": "Reading circle"})
        assert reply.json()["title"] == "Reading circle"
    assert await region.told(MeetingMoved) == []
    assert len(await region.told(MeetingRedescribed)) == 1


async def test_a_change_on_an_outdated_version_is_refused(region):
    path = await region.meeting()
    etag = (await region.fay.get(path)).headers["etag"]
    await region.fay.patch(path, json={"venue": "Room 1"})
    late = await region.fay.patch(path, json={"venue": "Room 2"}, headers={"if-match": etag})
    assert late.status_code == 412
    assert (await region.fay.get(path)).json()["venue"] == "Room 1"


async def test_one_cancelled_meeting_leaves_the_others_untouched(region):
    await region.rhythm()
    before = await region.meetings()
    path = f"/meetings/{before[1]['meeting_id']}"
    await region.answers("ann", path)
    reply = await region.fay.post(f"{path}/cancellation", json={"reason": "Snow"})
    assert reply.status_code == 200
    [cancelled] = await region.told(MeetingCancelled)
    assert (cancelled.uid, cancelled.revision) == (before[1]["uid"], before[1]["revision"] + 1)
    assert (cancelled.reason, cancelled.status) == ("Snow", "cancelled")
    after = await region.meetings()
    assert (after[1]["status"], after[1]["reason"]) == ("cancelled", "Snow")
    assert after[:1] + after[2:] == before[:1] + before[2:]


async def test_a_cancelled_meeting_cannot_be_cancelled_changed_or_answered(region):
    path = await region.meeting()
    await region.fay.post(f"{path}/cancellation", json={"reason": "Snow"})
    before = await region.stored()
    for reply in (
        await region.fay.post(f"{path}/cancellation", json={"reason": "Snow"}),
        await region.fay.patch(path, json={"title": "x"}),
        await region.ann.put(f"{path}/rsvp", json={"status": "accepted"}),
    ):
        assert reply.status_code == 409
        assert reply.json()["type"] == "urn:copse:problem:already-cancelled"
    assert await region.stored() == before


async def test_a_cancelled_meeting_of_a_rhythm_does_not_come_back(region):
    await region.rhythm()
    february = (await region.meetings())[1]
    await region.fay.post(f"/meetings/{february['meeting_id']}/cancellation", json={"reason": "x"})
    await region.service.tick()
    await region.rhythm(title="Leaders' circle")
    days = [one["starts_at"][:10] for one in await region.meetings()]
    assert days.count("2027-02-09") == 1


async def test_meetings_are_listed_by_pages_in_order(region):
    await region.rhythm(frequency="weekly", nth=None, weekdays=["TU", "TH"])
    await region.meeting(starts_at="2027-01-12T14:00:00Z", title="At the same time")
    whole = await region.meetings(limit="200")
    assert [one["starts_at"] for one in whole] == sorted(one["starts_at"] for one in whole)
    pages: list[dict[str, str]] = []
    query = {"limit": "7"}
    while True:
        reply = (await region.fay.get("/communities/c1/meetings", params=query)).json()
        pages += reply["items"]
        if reply["next"] is None:
            break
        query = {"limit": "7", "cursor": reply["next"]}
    assert pages == whole


async def test_only_those_who_facilitate_decide_about_meetings(region):
    path = await region.meeting()
    before = await region.stored()
    for reply in (
        await region.ann.post("/communities/c1/meetings", json={"starts_at": "2027-02-01T14:00:00Z"}),
        await region.ann.patch(path, json={"title": "x"}),
        await region.ann.post(f"{path}/cancellation", json={"reason": "x"}),
        await region.ann.put("/communities/c1/rhythm", json={
            "frequency": "weekly", "weekdays": ["MO"], "local_time": "10:00"
        }),
        await region.ann.delete("/communities/c1/rhythm"),
        await region.ann.put("/communities/c1/notice", json={"days": 3}),
        await region.ann.post("/communities/c1/feed"),
    ):  # fmt: skip
        assert reply.status_code == 403
        assert reply.json()["type"] == "urn:copse:problem:facilitators-only"
    assert await region.stored() == before


async def test_a_co_facilitator_may_decide_too_until_the_role_ends(region):
    await region.gets_role("ann", "co-facilitator")
    reply = await region.ann.post(
        "/communities/c1/meetings", json={"starts_at": "2027-02-01T14:00:00Z"}
    )
    assert reply.status_code == 201
    await region.gets_role("ann", "member")
    reply = await region.ann.patch(reply.headers["location"], json={"title": "x"})
    assert reply.status_code == 403


async def test_the_longest_meeting_is_listed_until_it_ends(region):
    week = {"starts_at": "2027-02-01T14:00:00Z", "ends_at": "2027-02-08T14:00:00Z"}
    path = await region.meeting(**week)
    feed = (await region.ann.post("/people/me/feed")).json()["url"].partition("/feeds/")[2]
    for hour, listed in ((13, 1), (14, 0)):
        region.service.clock(datetime(2027, 2, 8, hour, tzinfo=UTC))
        assert len(await region.meetings()) == listed
    region.service.clock(datetime(2027, 3, 11, 13, tzinfo=UTC))
    calendar = (await region.ann.get(f"/feeds/{feed}")).text
    assert path.rpartition("/")[2] in calendar
