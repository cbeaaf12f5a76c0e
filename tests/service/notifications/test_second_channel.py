"""A second channel is an added file: claims, leases, waiting and what nobody knows are the same for each."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.contracts.notifications import NotificationRequested
from shared.types.clock import now
from tests.service.notifications.board import wall
from tests.service.notifications.conftest import SETTINGS
from tests.service.notifications.post import Post
from tests.service.notifications.region import Region, registered, started, wish
from tests.support.service import Service, a_service

EVERYBODY = ("ann", "bea", "bob", "cid")


@pytest.fixture
async def both(mongo: str, tmp_path: Path, post: Post) -> AsyncIterator[Region]:
    """People who have a board beside their mail: bea and bob."""
    wall.clear()
    module = "tests.service.notifications.board"
    async with a_service(
        "notifications", mongo, tmp_path, module=module, smtp_port=post.port, **SETTINGS
    ) as service:
        await service.happens(*map(registered, EVERYBODY))
        yield Region(service, post)


async def channels(region: Region) -> dict[str, tuple[str, str]]:
    """By which channel each person's notification goes, and how far it is."""
    found = region.service.database["notifications"].find({})
    return {one["person_id"]: (one.get("channel"), one["state"]) async for one in found}


def to_all(request_id: str = "r1") -> NotificationRequested:
    return wish(request_id, audience={"people": [*EVERYBODY]})


async def test_the_first_channel_that_reaches_a_person_delivers(both: Region) -> None:
    mails = await both.happens(to_all())
    assert sorted(mail.to for mail in mails) == ["ann@example.org", "cid@example.org"]
    assert sorted(sheet.reader for sheet in wall.pinned) == ["bea", "bob"]
    assert wall.pinned[0].text.startswith("Hello: https://copse.example/messages/")
    board, mail = ("board", "sent"), ("mail", "sent")
    assert await channels(both) == {"ann": mail, "bea": board, "bob": board, "cid": mail}


async def test_what_a_person_switched_off_reaches_them_by_no_channel(both: Region) -> None:
    await both.bob.put("/preferences", json={"mute": True})
    await both.happens(to_all())
    assert [sheet.reader for sheet in wall.pinned] == ["bea"]
    assert (await channels(both))["bob"] == ("board", "suppressed")


async def test_a_channel_that_is_away_keeps_nobody_waiting_but_its_own(both: Region) -> None:
    wall.is_away = True
    await both.service.happens(to_all())
    for _ in range(3):
        await both.service.tick()
    assert sorted(mail.to for mail in both.post.mails) == ["ann@example.org", "cid@example.org"]
    assert not wall.pinned
    assert (await channels(both))["bob"] == ("board", "queued")
    wall.is_away = False
    await both.told()
    assert sorted(sheet.reader for sheet in wall.pinned) == ["bea", "bob"]
    tries = both.service.database["notifications"].find({"channel": "board"})
    assert [one["attempts"] async for one in tries] == [1, 1]


async def test_what_nobody_knows_the_end_of_is_never_repeated_by_itself(both: Region) -> None:
    wall.falls = True
    await both.happens(to_all())
    assert (await channels(both))["bob"] == ("board", "delivery-unknown")
    wall.falls = False
    both.service.clock(now() + timedelta(days=3))
    await both.told()
    assert sorted(sheet.reader for sheet in wall.pinned) == ["bea", "bob"]
    unknown = (await both.operator.get("/deliveries?state=delivery-unknown")).json()["items"]
    assert sorted(one["person_id"] for one in unknown) == ["bea", "bob"]
    await both.operator.post(f"/deliveries/{unknown[0]['id']}/resend")
    await both.told()
    assert len(wall.pinned) == 3


async def test_nothing_of_a_confidential_community_leaves_by_any_channel(both: Region) -> None:
    await both.service.happens(started(privacy="confidential"))
    people = {"people": ["bob"], "community_id": "leads"}
    await both.happens(wish(audience=people, subject="Leads in Leeds meet"))
    assert [sheet.reader for sheet in wall.pinned] == ["bob"]
    assert "Leeds" not in wall.pinned[0].text


async def test_what_cannot_be_read_holds_up_no_other(both: Region) -> None:
    await both.service.happens(wish("r1", audience={"people": ["cid"]}), to_all("r2"))
    notices = both.service.database["notices"]
    await notices.update_one({"recipients.people": ["cid"]}, {"$set": {"event": "{"}})
    await both.told()
    assert sorted(sheet.reader for sheet in wall.pinned) == ["bea", "bob"]
    assert sorted(mail.to for mail in both.post.mails) == ["ann@example.org", "cid@example.org"]


async def test_what_waits_for_a_channel_that_is_gone_goes_by_another(
    region: Region, service: Service
) -> None:
    await service.happens(registered("bob"), wish(audience={"people": ["bob"]}))
    await service.does("tell")
    notifications = service.database["notifications"]
    await notifications.update_one({}, {"$set": {"channel": "board"}})
    assert [mail.to for mail in await region.told()] == ["bob@example.org"]
    assert await channels(region) == {"bob": ("mail", "sent")}
