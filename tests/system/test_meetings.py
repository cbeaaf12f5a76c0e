"""The community decides when it meets; invitations, seats and cancellations reach the right people once."""

from datetime import datetime
from email.message import EmailMessage
from typing import Any

import icalendar

from tests.kernel.world import until
from tests.system.region import Region, Somebody

MONTHLY = {
    "frequency": "monthly",
    "weekdays": ["TU"],
    "nth": 2,
    "local_time": "14:00",
    "zone": "Europe/London",
    "minutes": 90,
    "join_url": "https://meet.example.org/leads",
}
FIRST, SECOND = "2027-03-09T14:00:00Z", "2027-04-13T13:00:00Z"


def calendar_part(mail: EmailMessage) -> tuple[str, Any]:
    """The method and the event of a mail's calendar part."""
    [part] = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
    [event] = calendar.walk("VEVENT")
    assert part.get_param("method") == str(calendar["METHOD"])
    return str(calendar["METHOD"]), event


async def meetings(person: Somebody, community_id: str) -> list[dict[str, Any]]:
    listed = await person.does("GET", "scheduling", f"/communities/{community_id}/meetings")
    return listed["items"]


async def test_a_monthly_rhythm_keeps_its_local_time_and_invites_inside_the_notice_time(
    region: Region,
) -> None:
    ann, bob = region.person("ann"), region.person("bob")
    community_id = await region.community(ann)
    await region.joins(bob, community_id)
    await ann.does("PUT", "scheduling", f"/communities/{community_id}/rhythm", json=MONTHLY)

    async def all_there() -> bool:
        return len(await meetings(bob, community_id)) == 6

    await until(all_there)
    starts = [datetime.fromisoformat(one["starts_at"]) for one in await meetings(bob, community_id)]
    assert starts[:2] == [datetime.fromisoformat(FIRST), datetime.fromisoformat(SECOND)]

    [notice] = await bob.gets("meets")
    assert "/feeds/" in notice.get_body(("plain",)).get_content()  # pyright: ignore
    [invitation] = await bob.gets("Invitation")
    method, event = calendar_part(invitation)
    assert method == "REQUEST"
    assert event["DTSTART"].dt == datetime.fromisoformat(FIRST)
    assert str(event["ATTENDEE"]).lower() == f"mailto:{bob.address}"
    assert event["ATTENDEE"].params["RSVP"] == "TRUE"

    late = region.person("late")
    await region.joins(late, community_id)
    [for_the_latecomer] = await late.gets("Invitation")
    assert calendar_part(for_the_latecomer)[1]["UID"] == event["UID"]

    # Behind all that, on the keys of the community and of its first meeting:
    shorter = {**MONTHLY, "minutes": 60}
    await ann.does("PUT", "scheduling", f"/communities/{community_id}/rhythm", json=shorter)
    await bob.gets("Changed")
    await bob.gets("meets", count=2)
    assert len(await bob.mails("Invitation")) == 1


async def test_a_freed_seat_goes_to_the_first_in_line_who_is_told_once(region: Region) -> None:
    ann, bob, cas = region.person("ann"), region.person("bob"), region.person("cas")
    community_id = await region.community(ann)
    for person in (bob, cas):
        await region.joins(person, community_id)
    wish = {"title": "Two seats", "starts_at": "2027-03-02T10:00:00Z", "minutes": 60, "seats": 2}
    path = f"/communities/{community_id}/meetings"
    meeting = await ann.does("POST", "scheduling", path, json=wish)
    path = f"/meetings/{meeting['meeting_id']}"
    statuses = [
        (await person.does("PUT", "scheduling", f"{path}/rsvp", json={"status": "accepted"}))[
            "status"
        ]
        for person in (ann, bob, cas)
    ]
    assert statuses == ["accepted", "accepted", "waitlisted"]
    await ann.does("PUT", "scheduling", f"{path}/rsvp", json={"status": "declined"})
    await cas.gets("You have a seat")
    answers = await ann.does("GET", "scheduling", f"{path}/rsvps")
    found = {one["person_id"]: one["status"] for one in answers["items"]}
    assert found[cas.person_id] == "accepted"
    await ann.does("POST", "scheduling", f"{path}/cancellation", json={"reason": "Snow."})
    for person in (bob, cas):
        await person.gets("Cancelled")  # behind what they were told of their seats
    assert len(await cas.mails("You have a seat")) == 1
    assert await bob.mails("You have a seat") == []


async def test_a_cancellation_reaches_the_invited_who_did_not_decline_and_nobody_else(
    region: Region,
) -> None:
    ann, bob, cas, dan = (region.person(name) for name in ("ann", "bob", "cas", "dan"))
    community_id = await region.community(ann)
    for person in (bob, cas, dan):
        await region.joins(person, community_id)
    path = f"/communities/{community_id}/meetings"
    wish = {"title": "Will it be?", "starts_at": "2027-03-02T10:00:00Z", "minutes": 60}
    meeting = await ann.does("POST", "scheduling", path, json=wish)
    other = {"title": "It will be", "starts_at": "2027-03-03T10:00:00Z", "minutes": 60}
    kept = await ann.does("POST", "scheduling", path, json=other)
    invited = {one: calendar_part((await one.gets("Will it be?"))[0])[1] for one in (bob, cas, dan)}
    path = f"/meetings/{meeting['meeting_id']}"
    await cas.does("PUT", "scheduling", f"{path}/rsvp", json={"status": "declined"})
    await dan.does("DELETE", "membership", f"/communities/{community_id}/members/me")

    async def answered() -> bool:
        answers = await ann.does("GET", "scheduling", f"{path}/rsvps")
        return any(one["person_id"] == cas.person_id for one in answers["items"])

    await until(answered)
    await ann.does("POST", "scheduling", f"{path}/cancellation", json={"reason": "Snow."})
    for person in (bob, dan):
        [cancelled] = await person.gets("Cancelled")
        method, event = calendar_part(cancelled)
        assert method == "CANCEL"
        assert event["UID"] == invited[person]["UID"]
        assert event["SEQUENCE"] == invited[person]["SEQUENCE"] + 1
    again = await ann.ask("POST", "scheduling", f"{path}/cancellation", json={"reason": "Snow."})
    assert again.status_code == 409
    other_path = f"/meetings/{kept['meeting_id']}"
    other_now = await ann.does("GET", "scheduling", other_path)
    assert other_now["status"] == "confirmed"
    await ann.does("POST", "scheduling", f"{other_path}/cancellation", json={"reason": "Snow."})
    [cancelled] = await cas.gets("Cancelled")  # this one, and nothing of the one before
    assert calendar_part(cancelled)[1]["UID"] == kept["uid"]
