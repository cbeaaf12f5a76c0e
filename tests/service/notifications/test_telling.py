"""Who is told of memberships and of what is shared; rules and requests live; nothing confidential leaks."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.notifications.telling import store
from services.notifications.telling.model import Notice
from shared.contracts.membership import (
    HandoverProposed,
    MemberInvited,
    MembershipDeclined,
    MembershipRequested,
)
from shared.contracts.resources import ResourceShared
from shared.storage.database import Database
from shared.types.clock import now
from tests.service.notifications.region import (
    ABOUT,
    Region,
    announced,
    arrives,
    joined,
    registered,
    rhythm,
    started,
    subjects,
    wish,
)


async def test_who_joins_is_welcomed_once(region: Region) -> None:
    mails = await region.happens(registered("ann"), started(), joined("ann"))
    assert [mail.to for mail in mails] == ["ann@example.org"]
    assert mails[0]["Subject"] == "Welcome to Leads in Leeds"
    assert mails[0]["From"] == "Copse <copse@copse.example>"


async def test_each_step_of_joining_reaches_the_right_people(region: Region) -> None:
    await region.community_of("ann", "bob")
    await region.service.happens(registered("zoe"), joined("cof", role="co-facilitator"))
    await region.happens(registered("cof"))
    region.post.mails.clear()
    await region.happens(MembershipRequested(**ABOUT))
    assert sorted(mail.to for mail in region.post.mails) == ["cof@example.org", "fay@example.org"]
    assert subjects(region, "fay") == ["Zoe would like to join Leads in Leeds"]
    region.post.mails.clear()
    [mail] = await region.happens(MembershipDeclined(**ABOUT, reason="We are full."))
    assert (mail.to, "We are full." in mail.text) == ("zoe@example.org", True)
    region.post.mails.clear()
    [mail] = await region.happens(MemberInvited(**ABOUT, invited_by="fay"))
    assert (mail.to, "Fay invites you" in mail.text) == ("zoe@example.org", True)
    region.post.mails.clear()
    over = HandoverProposed(community_id="leads", from_person_id="fay", to_person_id="ann")
    [mail] = await region.happens(over)
    assert mail.to == "ann@example.org"


async def test_what_is_shared_is_told_to_all_but_who_shared_it(region: Region) -> None:
    await region.community_of("ann", "bob")
    shared = ResourceShared(
        resource_id="r1", community_id="leads", kind="link", title="A guide", shared_by="ann"
    )
    await region.happens(shared)
    assert sorted(mail.to for mail in region.post.mails) == ["bob@example.org", "fay@example.org"]
    assert subjects(region, "bob") == ["New in Leads in Leeds: A guide"]


async def test_a_shared_link_is_one_click_away_however_long_it_is(region: Region) -> None:
    await region.community_of("ann")
    url = "https://example.org/guide?" + "a" * 1900
    about = {"resource_id": "r1", "community_id": "leads", "title": "A guide", "shared_by": "fay"}
    [mail] = await region.happens(ResourceShared(**about, kind="link", url=url))
    assert url in mail.text
    [item, *_] = (await region.ann.get("/inbox")).json()["items"]
    assert item["action"] == {"label": "See what was shared", "url": url}
    found = await region.service.database["subscriptions"].find_one({"category": "resources"})
    assert found
    link = f"/messages/{found['_id']}/{item['id']}"
    assert f'href="{url}"' in (await region.service.client().get(link)).text


@pytest.mark.parametrize("kind", ["file", "link"])
async def test_what_was_shared_without_an_address_leads_to_the_message(
    region: Region, kind: Any
) -> None:
    await region.community_of("ann")
    about = {"resource_id": "r1", "community_id": "leads", "title": "A guide", "shared_by": "fay"}
    [mail] = await region.happens(ResourceShared(**about, kind=kind))
    assert "See what was shared: https://copse.example/messages/" in " ".join(mail.text.split())


async def test_an_event_that_comes_three_times_is_told_once(region: Region) -> None:
    await region.community_of()
    event = {
        "specversion": "1.0",
        "id": "same",
        "source": "/elsewhere",
        "type": "copse.notifications.NotificationRequested.v1",
        "datacontenttype": "application/json",
        "data": wish(audience={"people": ["fay"]}).model_dump(mode="json"),
    }
    for _ in range(3):
        await arrives(region, event)
    assert len(await region.told()) == 1
    await arrives(region, event | {"id": "another, of the same request"})
    assert len(await region.told()) == 1


async def test_several_tellers_and_senders_side_by_side_tell_once(region: Region) -> None:
    await region.community_of(*"abcdefghij")
    await region.service.happens(announced())
    await asyncio.gather(*(region.service.tick() for _ in range(4)))
    await region.told()
    assert len({mail.to for mail in region.post.mails}) == len(region.post.mails) == 11


async def test_what_fails_in_one_community_holds_up_no_other(region: Region) -> None:
    await region.community_of("ann")
    await region.service.happens(started("other"), joined("fay", "other"))
    await region.told()
    region.post.mails.clear()
    database = region.service.database
    await region.happens(rhythm())
    known = await database["notices"].find_one({"rule_id": "rhythm-chosen"})
    assert known
    broken = known | {"_id": "broken", "recipients": "nobody", "state": "done"}
    broken["happened_at"] = now() + timedelta(days=1)
    await database["notices"].insert_one(broken)
    region.post.mails.clear()
    await region.happens(registered("bob"), registered("cem"), rhythm("other"))
    await region.happens(joined("bob"), joined("cem", "other"), wish(audience={"people": ["ann"]}))
    assert subjects(region, "cem")[0].startswith("Welcome")
    assert subjects(region, "ann") == ["Hello"]
    assert [one["person_id"] async for one in database["joins"].find({})] == ["bob"]
    await database["notices"].delete_one({"_id": "broken"})
    await region.told()
    assert await database["joins"].count_documents({}) == 0


async def test_a_notice_that_cannot_be_told_holds_up_no_other(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    await region.community_of("ann")
    expand = store.expand

    async def fails_for_rhythms(database: Database, notice: Notice) -> int:
        if notice.rule_id == "rhythm-chosen":
            raise RuntimeError("as if its audience could not be found")
        return await expand(database, notice)

    monkeypatch.setattr(store, "expand", fails_for_rhythms)
    await region.service.happens(rhythm())
    await region.happens(wish(audience={"people": ["ann"]}))
    assert subjects(region, "ann") == ["Hello"]
    open_still = await region.service.database["notices"].find({"state": "open"}).to_list(None)
    assert [one["rule_id"] for one in open_still] == ["rhythm-chosen"]


async def test_a_fan_out_that_is_repeated_tells_nobody_twice(region: Region) -> None:
    """As after a crash in the middle of it: some have their notification, the notice is still open."""
    await region.community_of()
    database = region.service.database
    people = [f"p{n}" for n in range(2500)]
    members = [
        {**joined(one).model_dump(), "_id": f"leads:{one}", "status": "active"} for one in people
    ]
    await database["memberships"].insert_many(members)
    await region.service.happens(announced())
    notice = await store.claim_notice(database)
    assert notice
    assert await store.claim_notice(database) is None  # it is taken, for half a minute
    await database["memberships"].update_many(
        {"person_id": {"$gt": "p5"}}, {"$set": {"status": "left"}}
    )
    some = await store.expand(database, notice)
    await database["memberships"].update_many({}, {"$set": {"status": "active"}})
    all_, again = await asyncio.gather(*(store.expand(database, notice) for _ in range(2)))
    assert some < all_ == again == 2501
    assert await database["notifications"].count_documents({"meeting_id": "m1"}) == 2501
