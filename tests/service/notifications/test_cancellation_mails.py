"""A cancellation reaches whoever may still come, and nobody else."""

from shared.contracts.scheduling import (
    MeetingScheduled,
    SeatAwaited,
    SeatDeclined,
    SeatTaken,
)
from tests.service.notifications.post import event_of, people
from tests.service.notifications.region import (
    Region,
    announced,
    cancelled,
    joined,
    left,
    meeting,
    registered,
)


async def test_who_joins_after_a_cancellation_hears_nothing_of_the_meeting(region: Region) -> None:
    await region.community_of("ann")
    await region.happens(announced(), cancelled("m1", 1))
    region.post.mails.clear()
    [welcome] = await region.happens(registered("bob"), joined("bob"))
    assert welcome["Subject"].startswith("Welcome")


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


async def test_a_cancellation_never_overtakes_its_invitation(region: Region) -> None:
    await region.community_of(*"abcdefgh")
    await region.service.happens(announced())
    await region.service.does("tell")
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
