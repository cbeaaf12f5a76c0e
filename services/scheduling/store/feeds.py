"""Calendars to subscribe to: who holds the address may read them, so addresses can be changed."""

import hashlib
import secrets

from services.scheduling.model import Meeting
from services.scheduling.store.communities import communities_of, name_of
from services.scheduling.store.meetings import shown_in_feeds
from shared.icalendar import Address, Entry, feed
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now


async def rotate_personal_feed(tx: Transaction, person_id: str) -> str:
    """A new token for the address of a person's calendar, told this once: only its hash is kept."""
    token = secrets.token_urlsafe(24)
    tx.replace("feeds", person_id, {"token_hash": _hash(token)})
    return token


async def read_feed(tx: Transaction, token: str, organizer: Address) -> bytes | None:
    """The calendar under an address, if it leads anywhere.

    A person's own shows everything of the communities they belong to at this moment, but what they
    declined. A community's shows no place and no link: its address outlives a membership.
    """
    moment = now()
    if personal_feed := await tx.find_one("feeds", {"token_hash": _hash(token)}):
        person_id = personal_feed["_id"]
        meetings = await shown_in_feeds(tx, await communities_of(tx, person_id), moment)
        entries = [
            _entry(meeting) for meeting in meetings if person_id not in meeting.answers.declined
        ]
        return feed("Communities of practice", entries, organizer=organizer)
    if schedule := await tx.find_one("schedules", {"feed_token": token}):
        meetings = await shown_in_feeds(tx, [schedule["_id"]], moment)
        entries = [
            _entry(meeting.model_copy(update={"venue": None, "join_url": None}))
            for meeting in meetings
        ]
        return feed(await name_of(tx, schedule["_id"]), entries, organizer=organizer)
    return None


def _entry(meeting: Meeting) -> Entry:
    return Entry(
        uid=meeting.uid,
        revision=meeting.revision,
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        zone=meeting.zone,
        status="cancelled" if meeting.status == "cancelled" else "confirmed",
        updated_at=meeting.updated_at,
        description=meeting.reason or "",
        location=meeting.venue,
        url=meeting.join_url,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
