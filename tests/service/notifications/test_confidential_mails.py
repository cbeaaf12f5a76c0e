"""What a confidential community's mails do not hold."""

from shared.contracts.membership import (
    CommunityRedefined,
    MemberInvited,
    MembershipDeclined,
)
from shared.contracts.resources import ResourceShared
from tests.service.notifications.region import (
    ABOUT,
    Region,
    announced,
    cancelled,
    joined,
    registered,
    rhythm,
    started,
    wish,
)


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
