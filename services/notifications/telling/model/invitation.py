"""A notice as a calendar entry (iTIP, RFC 5546), from what is known of the meeting."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from email_validator import EmailNotValidError

from services.notifications.telling.model.rendering import Rendering
from shared.errors import NotFound
from shared.icalendar import Address, Entry, cancellation, invitation
from shared.types.addresses import ascii_address

Part = tuple[Literal["REQUEST", "CANCEL"], bytes]
UNNAMED = "Meeting"  # what a confidential community's meeting is called in a mail


def calendar_part(rendering: Rendering, organizer: Address, attendee: Address) -> Part | None:
    """The iTIP method and the calendar object, if the notice is one for calendars."""
    kind = rendering.notice.calendar
    if kind is None:
        return None
    facts: Mapping[str, Any] = rendering.event.data
    if kind == "cancellation":
        entry = _entry(facts, rendering, "cancelled")
        return "CANCEL", cancellation(entry, organizer=organizer, attendee=attendee)
    newest = rendering.known.meeting
    if newest and newest.get("status") == "confirmed":
        facts = newest  # who joined later is invited to the meeting as it stands now
    entry = _entry(facts, rendering, "confirmed")
    return "REQUEST", invitation(entry, organizer=organizer, attendee=attendee)


def calendar_file(rendering: Rendering, organizer: Address) -> Part:
    """The same to download, for those whose mail program shows no Accept and Decline. NotFound if there is none."""
    try:
        person = rendering.person
        attendee = Address(ascii_address(person.get("email", "")), person.get("name", ""))
    except EmailNotValidError:
        raise NotFound("Your address is not known here yet. Try again in a minute.") from None
    if part := calendar_part(rendering, organizer, attendee):
        return part
    raise NotFound("This message is not about a meeting for your calendar.")


def _entry(
    facts: Mapping[str, Any], rendering: Rendering, status: Literal["confirmed", "cancelled"]
) -> Entry:
    open_facts: Mapping[str, Any] = {} if rendering.is_confidential else facts
    community = rendering.known.community
    name = "" if rendering.is_confidential or community is None else community.get("name", "")
    return Entry(
        uid=facts["uid"],
        revision=facts["revision"],
        title=open_facts.get("title") or UNNAMED,
        starts_at=_moment(facts["starts_at"]),
        ends_at=_moment(facts["ends_at"]),
        zone=facts["zone"],
        status=status,
        updated_at=rendering.notification.at,
        description=f"A meeting of {name}." if name else "",
        location=open_facts.get("venue"),
        url=open_facts.get("join_url"),
    )


def _moment(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
