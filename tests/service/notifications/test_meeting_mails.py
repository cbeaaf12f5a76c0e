"""Invitations and cancellations reach the right people, whichever fact comes first."""

import re
from datetime import timedelta
from typing import Any

import icalendar
import pytest

from services.notifications import handlers
from shared.clock import now
from shared.contracts.scheduling import (
    MeetingAnnounced,
    MeetingCancelled,
    MeetingMoved,
    MeetingRedescribed,
    MeetingScheduled,
    SeatAwaited,
    SeatDeclined,
    SeatPromoted,
    SeatTaken,
)
from tests.service.notifications.post import Mail
from tests.service.notifications.region import (
    START,
    Region,
    announced,
    cancelled,
    joined,
    left,
    meeting,
    moved,
    registered,
    rhythm,
    started,
)

NO_MEMBER = ("eve", "zoe")


def people(mails: list[Mail]) -> list[str]:
    return sorted(mail.to.partition("@")[0] for mail in mails)


def event_of(mail: Mail) -> icalendar.Component:
    [event] = icalendar.Calendar.from_ical(mail.calendar).walk("VEVENT")
    return event


async def test_an_announced_meeting_invites_every_member(region: Region) -> None:
    await region.community_of("ann", "bob")
    await region.service.happens(*map(registered, NO_MEMBER))
    mails = await region.happens(announced())
    assert people(mails) == ["ann", "bob", "fay"]
    assert all("METHOD:REQUEST" in mail.calendar for mail in mails)
    [ann] = region.post.to("ann")
    assert str(event_of(ann)["ATTENDEE"]) == "mailto:ann@example.org"
    assert "bob" not in ann.raw.decode()
    assert "Tuesday 9 April 2030, 14:00 to 15:00 (Europe/London)" in ann.text
    assert (
        ann["Subject"] == "Invitation: Practice hour, Tuesday 9 April 2030, 14:00 (Europe/London)"
    )


async def test_times_in_a_mail_are_the_readers(region: Region) -> None:
    await region.service.happens(registered("kim", zone="Asia/Tokyo"))
    await region.community_of()
    await region.happens(joined("kim"), announced())
    [invitation] = [mail for mail in region.post.to("kim") if "Invitation" in mail["Subject"]]
    assert "Tuesday 9 April 2030, 22:00 to 23:00 (Asia/Tokyo)" in invitation.text


async def test_who_joins_after_the_invitation_went_out_gets_it(region: Region) -> None:
    await region.community_of("ann")
    await region.happens(announced())
    region.post.mails.clear()
    mails = await region.happens(registered("bob"), joined("bob"))
    assert people(mails) == ["bob", "bob"]
    assert {mail["Subject"].split()[0] for mail in mails} == {"Welcome", "Invitation:"}


async def test_who_joined_before_and_is_heard_of_later_gets_it_too(region: Region) -> None:
    await region.community_of("ann")
    before = now()
    await region.happens(announced(), rhythm())
    region.post.mails.clear()
    await region.service.happens(registered("bob"))
    await region.service.happens(joined("bob"), at=before)
    subjects = sorted(mail["Subject"].split()[0] for mail in await region.told())
    assert subjects == ["Invitation:", "Leads", "Welcome"]


async def test_a_rhythm_is_told_only_to_who_was_there(region: Region) -> None:
    await region.community_of("ann")
    [fay] = [mail for mail in await region.happens(rhythm()) if mail.to.startswith("fay")]
    assert "https://copse.example/feeds/abc.ics" in fay.text
    assert people(region.post.mails) == ["ann", "fay"]
    region.post.mails.clear()
    [welcome] = await region.happens(registered("bob"), joined("bob"))
    assert "It meets every month on the second Tuesday, 14:00 Europe/London." in welcome.text
    assert "https://copse.example/feeds/abc.ics" in welcome.text


async def test_all_facts_in_the_worst_order_come_to_the_same(region: Region) -> None:
    """The meeting first, then the community, then who belongs, then who they are."""
    await region.happens(announced())
    await region.happens(started())
    await region.happens(joined("ann"))
    assert region.post.mails == []
    mails = await region.happens(registered("ann"))
    assert {mail["Subject"].split()[0] for mail in mails} == {"Welcome", "Invitation:"}
    assert "Leads in Leeds" in mails[0].text


async def test_who_joins_after_a_cancellation_hears_nothing_of_the_meeting(region: Region) -> None:
    await region.community_of("ann")
    await region.happens(announced(), cancelled("m1", 1))
    region.post.mails.clear()
    [welcome] = await region.happens(registered("bob"), joined("bob"))
    assert welcome["Subject"].startswith("Welcome")


async def test_who_joins_after_a_move_is_invited_to_the_new_time(region: Region) -> None:
    await region.community_of("ann")
    later = {"starts_at": START + timedelta(days=1), "ends_at": START + timedelta(days=1, hours=1)}
    await region.happens(announced(), moved("m1", 1, **later))
    region.post.mails.clear()
    await region.happens(registered("bob"), joined("bob"))
    [invitation] = [mail for mail in region.post.mails if "Invitation" in mail["Subject"]]
    assert event_of(invitation)["SEQUENCE"] == 1
    assert "Wednesday 10 April 2030" in invitation["Subject"]


async def test_who_joins_after_another_title_was_chosen_is_invited_to_that(region: Region) -> None:
    await region.community_of("ann")
    await region.happens(announced(), MeetingRedescribed(**meeting(title="Reading hour")))
    region.post.mails.clear()
    await region.happens(registered("bob"), joined("bob"))
    [invitation] = [mail for mail in region.post.mails if "Invitation" in mail["Subject"]]
    assert "Reading hour" in invitation["Subject"]
    assert (event_of(invitation)["SUMMARY"], event_of(invitation)["SEQUENCE"]) == (
        "Reading hour",
        0,
    )


async def test_a_moved_meeting_is_sent_to_those_invited_who_still_belong(region: Region) -> None:
    await region.community_of("ann", "bob", "cem")
    await region.happens(announced(), left("bob"))
    await region.happens(SeatDeclined(meeting_id="m1", community_id="leads", person_id="cem"))
    region.post.mails.clear()
    mails = await region.happens(moved("m1", 1, venue="Town Hall"))
    assert people(mails) == ["ann", "cem", "fay"]
    event = event_of(mails[0])
    assert (event["UID"], event["SEQUENCE"], event["LOCATION"]) == ("m1@copse", 1, "Town Hall")
    assert "METHOD:REQUEST" in mails[0].calendar


async def test_a_meeting_moved_before_it_was_announced_tells_nobody(region: Region) -> None:
    await region.community_of("ann")
    assert await region.happens(moved("m1", 1)) == []


async def test_a_cancellation_goes_to_everybody_invited_who_has_not_declined(
    region: Region,
) -> None:
    await region.community_of("ann", "bob", "cem", "dan")
    await region.happens(announced())
    await region.happens(
        SeatTaken(meeting_id="m1", community_id="leads", person_id="ann"),
        SeatDeclined(meeting_id="m1", community_id="leads", person_id="bob"),
        left("cem"),
        SeatDeclined(meeting_id="m1", community_id="leads", person_id="dan"),
        SeatAwaited(meeting_id="m1", community_id="leads", person_id="dan", position=1),
    )
    invited = {mail.to: mail for mail in region.post.mails}
    region.post.mails.clear()
    mails = await region.happens(cancelled("m1", 1))
    assert people(mails) == ["ann", "cem", "dan", "fay"]
    for mail in mails:
        before, after = event_of(invited[mail.to]), event_of(mail)
        assert "METHOD:CANCEL" in mail.calendar
        assert after["UID"] == before["UID"]
        assert after["SEQUENCE"] == before["SEQUENCE"] + 1
        assert after["STATUS"] == "CANCELLED"
        assert mail["In-Reply-To"] == invited[mail.to]["Message-ID"]
        assert "Snow" in mail.text


async def test_who_accepted_and_then_left_gets_the_cancellation(region: Region) -> None:
    await region.community_of("ann", "bob")
    about = {"meeting_id": "m1", "community_id": "leads"}
    await region.happens(announced())
    await region.happens(SeatTaken(**about, person_id="bob"), left("bob"))
    await region.happens(SeatDeclined(**about, person_id="bob", left=True))
    region.post.mails.clear()
    mails = await region.happens(cancelled("m1", 1))
    assert people(mails) == ["ann", "bob", "fay"]
    assert all("METHOD:CANCEL" in mail.calendar for mail in mails)


async def test_who_answered_before_anybody_was_invited_gets_the_cancellation(
    region: Region,
) -> None:
    await region.community_of("ann", "bob", "cem", "dan", "eve")
    about = {"meeting_id": "m1", "community_id": "leads"}
    await region.happens(
        MeetingScheduled(**meeting()),
        SeatTaken(**about, person_id="ann"),
        SeatAwaited(**about, person_id="bob", position=1),
        SeatDeclined(**about, person_id="cem"),
        SeatTaken(**about, person_id="dan"),
        SeatDeclined(**about, person_id="dan", left=True),
    )
    mails = await region.happens(cancelled("m1", 1))
    assert people(mails) == ["ann", "bob"]
    assert all("METHOD:CANCEL" in mail.calendar for mail in mails)


async def test_who_left_before_the_invitations_went_out_hears_nothing(region: Region) -> None:
    await region.community_of("ann")
    await region.happens(left("ann"), announced(), cancelled("m1", 1))
    assert region.post.to("ann") == []


async def test_a_cancellation_never_overtakes_its_invitation(region: Region) -> None:
    await region.community_of(*"abcdefgh")
    await region.service.happens(announced())
    await handlers.tell(region.service.database)
    await region.service.happens(cancelled("m1", 1))
    await region.told()
    for person in "abcdefgh":
        methods = ["CANCEL" in mail.calendar for mail in region.post.to(person)]
        assert methods == [False, True]


async def test_other_meetings_are_not_touched_by_a_cancellation(region: Region) -> None:
    await region.community_of("ann")
    await region.happens(announced("m1"), announced("m2"))
    region.post.mails.clear()
    mails = await region.happens(cancelled("m1", 1))
    assert {str(event_of(mail)["UID"]) for mail in mails} == {"m1@copse"}


async def test_a_promoted_person_is_told_once(region: Region) -> None:
    await region.community_of("ann", "bob")
    await region.happens(announced())
    region.post.mails.clear()
    promoted = SeatPromoted(meeting_id="m1", community_id="leads", person_id="bob")
    [mail] = await region.happens(promoted)
    assert mail.to == "bob@example.org"
    assert mail["Subject"].startswith("You have a seat: Practice hour")


async def test_the_replay_of_a_history_bothers_nobody(region: Region) -> None:
    long_ago = now() - timedelta(days=30)
    await region.service.happens(registered("ann"), started(), joined("ann"), at=long_ago)
    await region.service.happens(rhythm(), announced(), at=long_ago)
    assert await region.told() == []
    assert set(await region.states()) <= {"suppressed"}
    unread = (await region.ann.get("/inbox/unread-count")).json()["unread"]
    assert unread == 0


@pytest.mark.parametrize("order", ["joined first", "announced first"])
async def test_after_a_replay_the_end_of_a_meeting_still_reaches_who_was_invited(
    region: Region, order: str
) -> None:
    long_ago = now() - timedelta(days=30)
    facts = [joined("ann"), announced()]
    await region.service.happens(registered("ann"), started(), at=long_ago)
    await region.happens(*(facts if order == "joined first" else reversed(facts)), at=long_ago)
    assert region.post.mails == []
    [mail] = await region.happens(cancelled("m1", 1))
    assert "METHOD:CANCEL" in mail.calendar


async def test_the_invitation_can_be_downloaded_by_who_has_the_mail(region: Region) -> None:
    await region.community_of("ann")
    await region.happens(announced())
    [mail] = region.post.to("ann")
    address = next(word for word in mail.text.split() if word.endswith("/invite.ics"))
    reply = await region.service.client().get(address.removeprefix("https://copse.example"))
    assert reply.headers["content-type"].startswith("text/calendar; method=REQUEST")
    [event] = icalendar.Calendar.from_ical(reply.text).walk("VEVENT")
    assert event["UID"] == "m1@copse"


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
