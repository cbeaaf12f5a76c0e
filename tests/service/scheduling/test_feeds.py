"""S14, S15: calendars to subscribe to."""

from datetime import UTC, datetime

import recurring_ical_events
from icalendar import Calendar


def path_of(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")


async def personal(region, name: str) -> str:
    reply = await getattr(region, name).post("/people/me/feed")
    assert reply.status_code == 200
    return path_of(reply.json()["url"])


async def community(region) -> str:
    return path_of((await region.ann.get("/communities/c1/feed")).json()["url"])


async def test_a_feed_is_read_without_a_login_and_understood_by_another_parser(region):
    await region.rhythm(nth=2)
    reply = await region.service.client().get(await personal(region, "ann"))
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(reply.content)
    assert calendar["METHOD"] == "PUBLISH"
    window = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 30, tzinfo=UTC)
    found = recurring_ical_events.of(calendar).between(*window)
    assert [event["DTSTART"].dt.astimezone(UTC).isoformat() for event in found] == [
        "2027-03-09T14:00:00+00:00",
        "2027-04-13T13:00:00+00:00",
    ]
    assert {event["UID"] for event in calendar.walk("VEVENT")} == {
        one["uid"] for one in await region.meetings()
    }


async def test_what_a_calendar_has_already_is_not_sent_again(region):
    await region.rhythm()
    for url in (await personal(region, "ann"), await community(region)):
        anonymous = region.service.client()
        first = await anonymous.get(url)
        known = {"if-none-match": first.headers["etag"]}
        region.service.clock(datetime(2027, 1, 5, tzinfo=UTC))
        same = await anonymous.get(url, headers=known)
        assert (same.status_code, same.content) == (304, b"")
        await region.meeting(title="Another")
        assert (await anonymous.get(url, headers=known)).status_code == 200


async def test_an_answer_of_somebody_else_changes_no_feed(region):
    path = await region.meeting()
    url = await community(region)
    first = await region.service.client().get(url)
    await region.answers("bob", path)
    again = await region.service.client().get(url, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


async def test_an_address_that_was_changed_leads_nowhere(region):
    await region.rhythm()
    anonymous = region.service.client()
    old = await personal(region, "ann")
    new = await personal(region, "ann")
    assert (await anonymous.get(old)).status_code == 404
    assert (await anonymous.get(new)).status_code == 200
    old = await community(region)
    assert (await region.fay.post("/communities/c1/feed")).status_code == 200
    assert (await anonymous.get(old)).status_code == 404
    assert (await anonymous.get(await community(region))).status_code == 200
    assert (await anonymous.get("/feeds/guess.ics")).status_code == 404


async def test_only_the_organizers_address_stands_in_a_feed(region):
    path = await region.meeting()
    for person_id in ("ann", "bob"):
        await region.answers(person_id, path)
    for url in (await personal(region, "ann"), await community(region)):
        body = (await region.service.client().get(url)).content
        assert body.count(b"mailto:") == body.count(b"mailto:copse@example.org") == 1
        assert b"ATTENDEE" not in body
        for person_id in (b"ann", b"bob", b"fay"):
            assert person_id not in body.lower()


async def test_the_token_is_long_and_a_persons_is_kept_only_as_a_hash(region):
    token = (await personal(region, "ann")).removeprefix("/feeds/").removesuffix(".ics")
    assert len(token) >= 32  # 24 random bytes
    [kept] = await region.service.database["feeds"].find({}).to_list(None)
    assert token not in str(kept)


async def test_a_personal_feed_shows_ones_communities_less_what_one_declined(region):
    await region.starts("c2", "confidential", name="Champions")
    await region.join("ann", community_id="c2")
    await region.starts("c3")
    await region.meeting("c1", title="Yes")
    declined = await region.meeting("c1", title="No thanks")
    await region.meeting("c2", title="Ours", join_url="https://meet.example.org/2")
    await region.meeting("c3", title="Theirs")
    await region.answers("ann", declined, "declined")
    url = await personal(region, "ann")

    async def titles() -> set[str]:
        body = (await region.service.client().get(url)).content
        return {str(event["SUMMARY"]) for event in Calendar.from_ical(body).walk("VEVENT")}

    assert await titles() == {"Yes", "Ours"}
    await region.leaves("ann", community_id="c2")
    assert await titles() == {"Yes"}


async def test_the_link_stands_in_personal_feeds_alone(region):
    await region.meeting(join_url="https://meet.example.org/secret", venue="Room 9")
    own = (await region.service.client().get(await personal(region, "ann"))).content
    assert b"URL:https://meet.example.org/secret" in own
    assert b"LOCATION:Room 9" in own
    everybodys = (await region.service.client().get(await community(region))).content
    assert b"secret" not in everybodys
    assert b"Room 9" not in everybodys


async def test_a_cancelled_meeting_says_so_for_a_month(region):
    path = await region.meeting()
    await region.fay.post(f"{path}/cancellation", json={"reason": "Snow"})
    url = await community(region)
    body = (await region.service.client().get(url)).content
    assert b"STATUS:CANCELLED" in body
    assert b"SEQUENCE:1" in body
    region.service.clock(datetime(2027, 3, 10, tzinfo=UTC))
    assert b"VEVENT" not in (await region.service.client().get(url)).content


async def test_what_was_taken_back_is_gone_from_feeds(region):
    await region.rhythm()
    await region.fay.delete("/communities/c1/rhythm")
    body = (await region.service.client().get(await community(region))).content
    assert body.count(b"BEGIN:VEVENT") == 1


async def test_the_address_of_a_communitys_calendar_is_for_members(region):
    assert (await region.zoe.get("/communities/c1/feed")).status_code == 403
    assert (await region.ann.post("/communities/c1/feed")).status_code == 403
