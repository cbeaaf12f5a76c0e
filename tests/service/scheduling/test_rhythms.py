"""S1, S2: the community chooses when it meets."""

import asyncio
from datetime import UTC, datetime, timedelta

from services.scheduling import store
from shared.contracts.scheduling import (
    MeetingAnnounced,
    MeetingScheduled,
    RhythmChosen,
)
from tests.service.scheduling.meetings import starts

MONDAY = datetime(2027, 1, 4, 9, tzinfo=UTC)


async def test_each_second_tuesday_stands_six_months_ahead(region):
    await region.rhythm()
    assert starts(await region.meetings()) == [
        "2027-01-12T14:00:00Z", "2027-02-09T14:00:00Z", "2027-03-09T14:00:00Z",
        "2027-04-13T13:00:00Z", "2027-05-11T13:00:00Z", "2027-06-08T13:00:00Z",
    ]  # fmt: skip


async def test_weekly_at_two_stays_at_two_over_the_change_to_summer_time(region):
    await region.rhythm(frequency="weekly", nth=None, weekdays=["SU"])
    found = starts(await region.meetings(**{"from": "2027-03-20T00:00:00Z", "limit": "3"}))
    assert found == ["2027-03-21T14:00:00Z", "2027-03-28T13:00:00Z", "2027-04-04T13:00:00Z"]


async def test_a_choice_is_told_once_with_the_address_of_a_feed_that_works(region):
    chosen = await region.rhythm()
    again = await region.rhythm()
    assert chosen == again
    [event] = await region.told(RhythmChosen)
    assert event.description == "every month on the second Tuesday, 14:00 Europe/London"
    assert event.feed_url == chosen["feed_url"]
    reply = await region.service.client().get(event.feed_url)
    assert reply.status_code == 200
    assert reply.content.count(b"BEGIN:VEVENT") == 6


async def test_each_meeting_has_a_uid_of_its_own_that_stays(region):
    await region.rhythm()
    before = {one["meeting_id"]: one["uid"] for one in await region.meetings()}
    assert len(set(before.values())) == 6
    await region.rhythm(local_time="15:00")
    after = {one["meeting_id"]: one["uid"] for one in await region.meetings()}
    assert after == before
    scheduled = await region.told(MeetingScheduled)
    assert {event.meeting_id: event.uid for event in scheduled} == before


async def test_invitations_go_out_as_meetings_come_within_the_notice_time(region):
    await region.rhythm()
    [first] = await region.told(MeetingAnnounced)
    assert first.starts_at == datetime(2027, 1, 12, 14, tzinfo=UTC)
    await region.at(datetime(2027, 1, 19, 13, 59, tzinfo=UTC))
    assert len(await region.told(MeetingAnnounced)) == 1
    await region.at(datetime(2027, 1, 19, 14, 0, 1, tzinfo=UTC))
    await region.service.tick()
    announced = await region.told(MeetingAnnounced)
    assert [str(e.starts_at.date()) for e in announced] == ["2027-01-12", "2027-02-09"]


async def test_several_replicas_announce_a_meeting_once(region):
    await region.rhythm()
    await region.fay.put("/communities/c1/notice", json={"days": 180})  # all six are due at once
    database = region.service.database
    await asyncio.gather(*(store.announce_due(database) for _ in range(6)))
    announced = [event.meeting_id for event in await region.told(MeetingAnnounced)]
    assert len(announced) == len(set(announced)) == 6


async def test_a_community_chooses_how_early_it_invites(region):
    await region.rhythm()
    reply = await region.fay.put("/communities/c1/notice", json={"days": 40})
    assert reply.json() == {"days": 40}
    assert (await region.ann.get("/communities/c1/notice")).json() == {"days": 40}
    await region.service.tick()
    assert [e.starts_at.month for e in await region.told(MeetingAnnounced)] == [1, 2]
    await region.fay.put("/communities/c1/notice", json={"days": 0})
    await region.at(datetime(2027, 3, 9, 13, 59, tzinfo=UTC))
    assert len(await region.told(MeetingAnnounced)) == 2


async def test_the_horizon_rolls_and_several_replicas_extend_once(region):
    await region.rhythm()
    region.service.clock(datetime(2027, 3, 20, tzinfo=UTC))
    await asyncio.gather(*(store.extend_due(region.service.database) for _ in range(6)))
    found = starts(await region.meetings(**{"from": "2027-06-20T00:00:00Z"}))
    assert found == ["2027-07-13T13:00:00Z", "2027-08-10T13:00:00Z", "2027-09-14T13:00:00Z"]
    scheduled = [event.meeting_id for event in await region.told(MeetingScheduled)]
    assert len(scheduled) == len(set(scheduled)) == 9


async def test_a_rhythm_with_an_end_gives_that_many(region):
    await region.rhythm(count=2)
    await region.at(datetime(2027, 6, 1, tzinfo=UTC))
    assert len(await region.told(MeetingScheduled)) == 2


async def test_a_meeting_taken_back_is_gone_for_readers(region):
    await region.rhythm()
    june = (await region.meetings())[-1]
    await region.fay.delete("/communities/c1/rhythm")
    assert (await region.fay.get(f"/meetings/{june['meeting_id']}")).status_code == 404


async def test_members_read_the_rhythm_whole_and_strangers_of_an_open_community_in_part(region):
    await region.rhythm(venue="Town Hall")
    whole = (await region.ann.get("/communities/c1/rhythm")).json()
    assert whole["venue"] == "Town Hall"
    assert whole["join_url"]
    assert whole["feed_url"]
    part = (await region.zoe.get("/communities/c1/rhythm")).json()
    assert part.keys() == whole.keys() - {"venue", "join_url", "feed_url"}


async def test_a_choice_holds_for_the_version_that_was_read_and_no_other(region):
    await region.rhythm()
    weekly = {"frequency": "weekly", "weekdays": ["MO"], "local_time": "10:00"}
    etag = (await region.fay.get("/communities/c1/rhythm")).headers["etag"]
    read = {"if-match": etag}
    chosen = await region.fay.put("/communities/c1/rhythm", json=weekly, headers=read)
    assert chosen.status_code == 200
    late = await region.fay.put(
        "/communities/c1/rhythm", json=weekly | {"minutes": 90}, headers=read
    )
    assert late.status_code == 412
    now = (await region.fay.get("/communities/c1/rhythm")).headers["etag"]
    assert now == chosen.headers["etag"] != etag
    noticed = await region.fay.put(
        "/communities/c1/notice", json={"days": 5}, headers={"if-match": now}
    )
    assert noticed.status_code == 200
    assert (await region.fay.get("/communities/c1/notice")).headers["etag"] == noticed.headers[
        "etag"
    ]


async def test_a_meeting_that_cannot_be_announced_holds_up_no_other(region):
    await region.starts("c2")
    await region.rhythm()
    await region.rhythm("c2")
    meetings = region.service.database["meetings"]
    await meetings.update_many({"community_id": "c1"}, {"$set": {"uid": None}})
    before = await region.told(MeetingAnnounced)
    await region.at(datetime(2027, 1, 19, 14, 0, 1, tzinfo=UTC))
    told = [
        event for event in await region.told_since(before) if isinstance(event, MeetingAnnounced)
    ]
    assert [event.community_id for event in told] == ["c2"]


async def test_a_rhythm_that_cannot_go_on_holds_up_no_other(region):
    await region.starts("c2")
    await region.rhythm()
    await region.rhythm("c2")
    schedules = region.service.database["schedules"]
    broken = {"rhythm.frequency": "never", "next_on": "2027-01-01"}
    await schedules.update_one({"_id": "c1"}, {"$set": broken})
    before = len(await region.meetings("c2"))
    await region.at(MONDAY + timedelta(days=90))
    found = await region.service.database["meetings"].count_documents({"community_id": "c2"})
    assert found > before
