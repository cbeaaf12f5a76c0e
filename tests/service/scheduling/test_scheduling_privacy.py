"""S11: who sees what of a meeting; strangers learn nothing of what is not theirs."""

import pytest

PRIVATE = {"venue", "join_url", "invited", "coming", "waiting", "my_status", "my_position"}


async def test_link_and_venue_are_for_members(region):
    path = await region.meeting(venue="Town Hall", join_url="https://meet.example.org/1", seats=5)
    seen = (await region.ann.get(path)).json()
    assert (seen["venue"], seen["join_url"]) == ("Town Hall", "https://meet.example.org/1")
    strangers = (await region.zoe.get(path)).json()
    assert strangers.keys() == seen.keys() - PRIVATE
    assert strangers["title"] == seen["title"]
    [listed] = await region.meetings(by="zoe")
    assert listed == strangers


async def test_who_joins_sees_the_link_also_with_the_etag_from_before(region):
    path = await region.meeting(join_url="https://meet.example.org/1")
    etag = (await region.zoe.get(path)).headers["etag"]
    await region.join("zoe")
    reply = await region.zoe.get(path, headers={"if-none-match": etag})
    assert reply.status_code == 200
    assert reply.json()["join_url"] == "https://meet.example.org/1"
    again = await region.zoe.get(path, headers={"if-none-match": reply.headers["etag"]})
    assert again.status_code == 304
    await region.leaves("zoe")
    after = await region.zoe.get(path, headers={"if-none-match": reply.headers["etag"]})
    assert "join_url" not in after.json()


@pytest.mark.parametrize("privacy", ["restricted", "private", "confidential"])
async def test_for_strangers_the_meetings_of_other_communities_do_not_exist(region, privacy):
    await region.starts("c2", privacy)
    await region.join("ann", community_id="c2")
    path = await region.meeting("c2", title="Hidden")
    await region.rhythm("c2")
    assert (await region.ann.get(path)).json()["title"] == "Hidden"
    meeting = {"starts_at": "2027-02-01T14:00:00Z"}
    rhythm = {"frequency": "weekly", "weekdays": ["MO"], "local_time": "10:00"}
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"title": "x"}),
        ("POST", f"{path}/cancellation", {"reason": "x"}),
        ("PUT", f"{path}/rsvp", {"status": "accepted"}),
        ("GET", f"{path}/rsvps", None),
        ("GET", "/communities/c2/meetings", None),
        ("POST", "/communities/c2/meetings", meeting),
        ("GET", "/communities/c2/rhythm", None),
        ("PUT", "/communities/c2/rhythm", rhythm),
        ("DELETE", "/communities/c2/rhythm", None),
        ("GET", "/communities/c2/notice", None),
        ("PUT", "/communities/c2/notice", {"days": 3}),
        ("GET", "/communities/c2/feed", None),
        ("POST", "/communities/c2/feed", None),
    ):
        theirs = await region.zoe.request(method, where, json=body)
        nobodys = await region.zoe.request(
            method, where.replace(path, "/meetings/m9").replace("/c2/", "/c9/"), json=body
        )
        assert theirs.status_code == nobodys.status_code == 404, where
        ids = ((path.rpartition("/")[2], "X"), ("m9", "X"), ("c2", "X"), ("c9", "X"))
        words = [theirs.text, nobodys.text]
        for one, other in ids:
            words = [text.replace(one, other) for text in words]
        assert words[0] == words[1], "what is hidden answers as what does not exist"


async def test_privacy_holds_from_the_moment_it_is_heard_of(region):
    path = await region.meeting()
    assert (await region.zoe.get(path)).status_code == 200
    await region.redefines("c1", "private")
    assert (await region.zoe.get(path)).status_code == 404
    assert (await region.ann.get(path)).status_code == 200


async def test_without_a_token_only_feeds_are_read(region):
    path = await region.meeting()
    anonymous = region.service.client()
    for where in (
        path,
        "/communities/c1/meetings",
        "/communities/c1/rhythm",
        "/communities/c1/feed",
    ):
        assert (await anonymous.get(where)).status_code == 401


async def test_no_event_of_scheduling_holds_personal_data(region):
    await region.rhythm()
    path = await region.meeting(seats=1)
    for person_id in ("ann", "bob"):
        await region.answers(person_id, path)
    found = await region.service.database["outbox"].find({}).to_list(None)
    assert len(found) > 5
    assert not any(b"@example.org" in bytes(one["value"]) for one in found)
