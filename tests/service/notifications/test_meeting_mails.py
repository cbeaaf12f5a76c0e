"""Invitations and cancellations reach the right people, whichever fact comes first."""

from datetime import timedelta

import icalendar
import pytest

from shared.contracts.scheduling import (
    MeetingRedescribed,
    SeatDeclined,
    SeatPromoted,
)
from shared.types.clock import now
from tests.service.notifications.post import event_of, people
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


async def test_who_left_before_the_invitations_went_out_hears_nothing(region: Region) -> None:
    await region.community_of("ann")
    await region.happens(left("ann"), announced(), cancelled("m1", 1))
    assert region.post.to("ann") == []


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
