"""Who has left reads no more where and how a community meets."""

import re
from typing import Any

from shared.contracts.scheduling import (
    MeetingAnnounced,
    MeetingCancelled,
    MeetingMoved,
)
from tests.service.notifications.post import Mail
from tests.service.notifications.region import (
    Region,
    announced,
    joined,
    left,
    meeting,
    rhythm,
)


def secret(*about: Any, **fields: Any) -> dict[str, Any]:
    return meeting(*about, join_url="https://meet.example/secret", venue="Secret Hall", **fields)


async def everything_of(region: Region, person: str, mail: Mail) -> str:
    """All that somebody can read about the meeting a mail is about: signed in, and with the mail."""
    items = (await getattr(region, person).get("/inbox")).json()["items"]
    seen = str(items)
    for item in items:
        if item["meeting_id"]:
            for path in (f"/inbox/{item['id']}", f"/inbox/{item['id']}/invite.ics"):
                seen += (await getattr(region, person).get(path)).text
    link = next(word for word in mail.text.split() if word.endswith("/invite.ics"))
    path = link.removeprefix("https://copse.example")
    for page in (path, path.removesuffix("/invite.ics")):
        reply = await region.service.client().get(page)
        assert reply.status_code == 200
        seen += reply.text
    return re.sub(r"\r?\n[ \t]", "", seen)


async def test_who_left_no_longer_reads_where_the_meeting_is(region: Region) -> None:
    await region.community_of("ann", "bob")
    await region.happens(announced())
    await region.happens(left("bob"), MeetingMoved(**secret("m1", 1)))
    for person, sees in (("ann", True), ("bob", False)):
        seen = await everything_of(region, person, region.post.to(person)[0])
        for word in ("meet.example/secret", "Secret Hall"):
            assert (word in seen) == sees
    await region.happens(joined("bob"))
    assert "Secret Hall" in await everything_of(region, "bob", region.post.to("bob")[0])


async def test_what_who_left_was_told_of_the_place_is_shown_no_longer(region: Region) -> None:
    await region.community_of("bob")
    await region.happens(MeetingAnnounced(**secret()))
    await region.happens(left("bob"))
    mails = await region.happens(
        MeetingCancelled(**secret("m1", 1, status="cancelled"), reason="x")
    )
    [_, cancellation] = [mail for mail in mails if mail.to.startswith("bob")]
    assert "METHOD:CANCEL" in cancellation.calendar
    assert "ecret" not in cancellation.calendar + cancellation.text + cancellation.html
    assert "ecret" not in await everything_of(region, "bob", cancellation)


async def test_who_left_no_longer_reads_the_address_of_the_calendar(region: Region) -> None:
    await region.community_of("ann")
    await region.happens(rhythm())
    assert "abc.ics" in str((await region.ann.get("/inbox")).json())
    await region.happens(left("ann"))
    page = (await region.ann.get("/inbox")).json()
    assert "abc.ics" not in str(page)
    assert [item["subject"].split()[0] for item in page["items"]] == ["Leads", "Welcome"]
