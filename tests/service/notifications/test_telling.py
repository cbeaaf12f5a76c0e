"""Who is told of memberships and of what is shared; rules and requests live; nothing confidential leaks."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from services.notifications import store
from services.notifications.handlers import on
from services.notifications.model import Notice
from shared.clock import now
from shared.contracts.membership import (
    CommunityRedefined,
    HandoverProposed,
    MemberInvited,
    MembershipDeclined,
    MembershipRequested,
)
from shared.contracts.resources import ResourceShared
from shared.database import Database
from shared.delivery import is_final
from shared.errors import NotFound
from shared.events import STRUCTURED, Origin, Unreadable, read, write
from shared.inbox import Failed
from tests.service.notifications.region import (
    Region,
    announced,
    cancelled,
    joined,
    registered,
    rhythm,
    started,
    wish,
)

ABOUT = {"community_id": "leads", "person_id": "zoe"}


def subjects(region: Region, person: str) -> list[str]:
    return [mail["Subject"] for mail in region.post.to(person)]


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


async def arrives(
    region: Region, event: dict[str, Any], topic: str = "notifications.requests"
) -> None:
    headers = [("content-type", STRUCTURED.encode())]
    await region.service.arrives(topic, b"k", json.dumps(event).encode(), headers)


# What other systems ask


async def test_a_request_reaches_people_and_members_with_a_role(region: Region) -> None:
    await region.community_of("ann", "bob")
    audience = {"people": ["bob"], "community_id": "leads", "roles": ["facilitator"]}
    await region.happens(wish(audience=audience, subject="Training", text="Book now."))
    assert sorted(mail.to for mail in region.post.mails) == ["bob@example.org", "fay@example.org"]
    assert "Book now." in region.post.to("bob")[0].text


async def test_a_request_in_binary_mode_is_told(region: Region) -> None:
    await region.service.happens(registered("ann"))
    headers = {
        "ce_specversion": "1.0",
        "ce_id": "b1",
        "ce_source": "/elsewhere",
        "ce_type": "copse.notifications.NotificationRequested.v1",
        "content-type": "application/json",
        "traceparent": "ignored: the attribute counts",
        "ce_traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    data = wish(action_url="https://training.example/book", action_label="Book").model_dump(
        mode="json"
    )
    raw = [(name, value.encode()) for name, value in headers.items()]
    await region.service.arrives("notifications.requests", None, json.dumps(data).encode(), raw)
    [mail] = await region.told()
    assert mail["Subject"] == "Hello"
    assert "Book:\r\nhttps://training.example/book" in mail.text
    assert mail["traceparent"].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"


async def test_what_is_no_trace_context_reaches_neither_mail_nor_log(region: Region) -> None:
    await region.service.happens(registered("ann"))
    event = write(wish(), 1, Origin("/elsewhere", traceparent="x\r\nBcc: eve@example.org"))
    await region.service.arrives("notifications.requests", None, event["value"], event["headers"])
    [mail] = await region.told()
    assert mail["Subject"] == "Hello"
    assert not mail["Bcc"]
    assert not mail["traceparent"]


@pytest.mark.parametrize(
    "broken",
    [
        {"subject": ""},
        {"subject": None},
        {"text": ["a"]},
        {"audience": {}},
        {"audience": {"people": "ann"}},
        {"action_url": "javascript:alert(1)"},
    ],
)
def test_a_broken_request_says_what_is_wrong(broken: dict[str, Any]) -> None:
    data = wish().model_dump(mode="json") | broken
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/x",
        "type": "copse.notifications.NotificationRequested.v1",
        "data": data,
    }
    found = read(json.dumps(event).encode(), [("content-type", STRUCTURED.encode())], on.models)
    assert isinstance(found, Unreadable)
    assert next(iter(broken)) in found.reason


async def test_a_broken_request_is_one_dead_letter_and_the_next_one_works(region: Region) -> None:
    await region.service.happens(registered("ann"))
    broken = {
        "specversion": "1.0",
        "id": "1",
        "source": "/x",
        "type": "copse.notifications.NotificationRequested.v1",
        "data": {"request_id": "r0"},
    }
    await arrives(region, broken)
    await region.happens(wish())
    [letter] = (await region.operator.get("/dead-letters")).json()["items"]
    assert "data.audience" in letter["reason"]
    assert subjects(region, "ann") == ["Hello"]


async def test_a_request_of_an_impossible_category_is_set_aside_at_once(region: Region) -> None:
    with pytest.raises(Failed) as refused:
        await region.service.happens(wish(category="No Such Thing!"))
    assert is_final(refused.value.error)
    assert "training-places" in str(refused.value.error)


async def test_a_request_for_a_community_nobody_knows_waits(region: Region) -> None:
    with pytest.raises(Failed) as waiting:
        await region.service.happens(wish(audience={"community_id": "nowhere"}))
    assert isinstance(waiting.value.error, NotFound)
    assert "nowhere" in waiting.value.error.detail


async def test_no_text_of_a_request_begins_a_header(region: Region) -> None:
    await region.service.happens(registered("ann", name="Ann\r\nBcc: eve@example.org"))
    [mail] = await region.happens(wish(subject="Hi\r\nBcc: eve@example.org\r\n\r\nbody"))
    assert mail.message["Bcc"] is None
    assert mail["Subject"] == "Hi Bcc: eve@example.org body"
    assert mail.message.defects == []


async def test_html_in_a_name_is_escaped_in_the_mail(region: Region) -> None:
    await region.service.happens(registered("ann", name="<img src=x onerror=alert(1)>"))
    await region.service.happens(started(name="<script>alert(1)</script>"))
    [mail] = await region.happens(joined("ann"))
    assert "<script>" not in mail.html
    assert "<img" not in mail.html
    assert "&lt;script&gt;" in mail.html


# Confidential communities


async def test_a_confidential_communitys_mails_hold_no_name_and_no_text(region: Region) -> None:
    secret = {"privacy": "confidential", "name": "Hidden Harbour", "purpose": "Whispering"}
    await region.service.happens(*map(registered, ("fay", "ann", "zoe")), started(**secret))
    await region.happens(joined("fay", role="facilitator"), joined("ann"))
    words = {
        "title": "Whispered Hour",
        "venue": "Hush House",
        "join_url": "https://meet.example/hush",
    }
    await region.happens(rhythm(), announced(**words))
    await region.happens(cancelled("m1", 1, **words, reason="Murmurs"))
    await region.happens(
        MembershipDeclined(**ABOUT, reason="Murmurs"),
        MemberInvited(**ABOUT, invited_by="fay"),
        wish(audience={"community_id": "leads"}, subject="Murmurs", text="Hush"),
        ResourceShared(
            resource_id="r1",
            community_id="leads",
            kind="link",
            title="Murmurs",
            shared_by="fay",
            url="https://example.org/murmurs",
        ),
    )
    assert len(region.post.mails) == 13
    for mail in region.post.mails:
        everything = mail.raw.decode().lower()
        for part in mail.message.walk():
            if not part.is_multipart():
                everything += part.get_payload(decode=True).decode().lower()  # type: ignore[union-attr]
        for word in ("hidden", "harbour", "whisper", "hush", "murmur", "leads", "feeds/abc"):
            assert word not in everything
        link = next(word for word in mail.text.split() if "/messages/" in word)
        for path in (link, mail["List-Unsubscribe"].strip("<>")):
            page = await region.service.client().get(path.removeprefix("https://copse.example"))
            assert page.status_code == 200
            assert "hidden" not in page.text.lower()
            assert "murmurs" not in page.text.lower()
    calendars = [
        mail.calendar for mail in region.post.mails if "BEGIN:VCALENDAR" in str(mail.message)
    ]
    assert all("SUMMARY:Meeting" in one for one in calendars)
    inbox = (await region.ann.get("/inbox")).json()["items"]
    assert any("Hidden Harbour" in item["subject"] for item in inbox)


async def test_a_community_that_became_confidential_shows_in_no_mail_any_more(
    region: Region,
) -> None:
    await region.community_of("ann")
    fields = started().model_dump(exclude={"started_by"}) | {"privacy": "confidential"}
    await region.service.happens(CommunityRedefined(**fields))
    [ann] = [mail for mail in await region.happens(rhythm()) if mail.to.startswith("ann")]
    assert "Leeds" not in ann.raw.decode()
