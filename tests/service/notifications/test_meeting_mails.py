"""Invitations and cancellations reach the right people, whichever fact comes first."""

from shared.contracts.scheduling import SeatDeclined, SeatPromoted
from tests.service.notifications.region import (
    Region,
    announced,
    cancelled,
    joined,
    left,
    moved,
    registered,
    rhythm,
    started,
)


async def test_who_joins_is_welcomed_once(region: Region) -> None:
    mails = await region.happens(registered("ann"), started(), joined("ann"))
    assert [mail.to for mail in mails] == ["ann@example.org"]
    assert mails[0]["Subject"] == "Welcome to Leads in Leeds"


async def test_an_announced_meeting_invites_every_member(region: Region) -> None:
    await region.community_of("ann", "bob")
    mails = await region.happens(announced())
    assert sorted(mail.to for mail in mails) == [f"{p}@example.org" for p in ("ann", "bob", "fay")]
    assert all("METHOD:REQUEST" in mail.calendar for mail in mails)
    [ann] = region.post.to("ann")
    assert "mailto:ann@example.org" in ann.calendar
    assert "bob" not in ann.calendar
    assert "Tuesday 9 April 2030, 14:00 to 15:00 (Europe/London)" in ann.text
