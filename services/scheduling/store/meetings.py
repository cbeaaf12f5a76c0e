"""Meetings, and the answers within them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from services.scheduling.model import LONGEST, Meeting, Wish
from services.scheduling.store.due import each_due
from shared.errors import NotFound
from shared.events.event import Document, Event
from shared.storage.database import Database
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now

Decided = tuple[Meeting, *tuple[Event, ...]]


async def meeting(tx: Transaction, meeting_id: str) -> Meeting:
    """A meeting. NotFound also for one that was taken back."""
    try:
        meeting = await tx.load("meetings", Meeting, meeting_id)
    except NotFound:
        raise no_such_meeting(meeting_id) from None
    if meeting.status == "withdrawn":
        raise no_such_meeting(meeting_id)
    return meeting


def no_such_meeting(meeting_id: str) -> NotFound:
    """The same words for what is not there and for what a reader may not know of."""
    return NotFound(
        f"There is no meeting {meeting_id} that you may see. List the community's meetings."
    )


async def meetings_from(
    tx: Transaction, community_id: str, moment: datetime, after: tuple[Any, ...] | None, limit: int
) -> list[Meeting]:
    """A community's meetings that end later than a moment, cancelled ones among them, by start."""
    where: Document = {
        "community_id": community_id,
        "status": {"$ne": "withdrawn"},
        **_ends_after(moment),
    }
    if after:
        starts_at, id = after
        where["$or"] = [
            {"starts_at": {"$gt": starts_at}},
            {"starts_at": starts_at, "_id": {"$gt": id}},
        ]
    documents = await tx.find("meetings", where, sort=[("starts_at", 1), ("_id", 1)], limit=limit)
    return [as_meeting(document) for document in documents]


def schedule_meeting(tx: Transaction, scheduled: Decided) -> Meeting:
    """Keep a new meeting."""
    state, *events = scheduled
    tx.add("meetings", state.meeting_id, state, *events)
    return state


async def change_meeting(
    tx: Transaction, meeting_id: str, decide: Callable[[Meeting], Meeting | Decided]
) -> Meeting:
    return await tx.change("meetings", Meeting, meeting_id, decide)


async def answer(
    tx: Transaction, community_id: str, meeting_id: str, person_id: str, wish: Wish
) -> Meeting:
    """Note what a member answers.

    The membership is written too: an answer and a leaving at the same moment would otherwise not
    see each other, and a seat be held by nobody.
    """
    tx.update("memberships", f"{community_id}:{person_id}", {"$set": {"answered_at": tx.at}})
    return await change_meeting(
        tx, meeting_id, lambda meeting: meeting.answer(person_id, wish, now())
    )


async def free_seats(tx: Transaction, community_id: str, person_id: str) -> None:
    """Who left holds no seat in the meetings to come."""
    lists = ("coming", "waiting", "tentative", "declined")
    where: Document = {
        "community_id": community_id,
        "status": "confirmed",
        "starts_at": {"$gt": now()},
        "$or": [{f"answers.{name}": person_id} for name in lists],
    }
    for document in await tx.find("meetings", where, sort=[("starts_at", 1)]):
        await change_meeting(tx, document["_id"], lambda meeting: meeting.release(person_id))


async def announce_due(database: Database) -> None:
    """Invite to the meetings whose time has come, once."""
    moment = now()
    due = {
        "status": "confirmed",
        "announced_at": None,
        "announce_at": {"$lte": moment},
        "starts_at": {"$gt": moment},
    }

    async def announce(tx: Transaction, meeting_id: str) -> None:
        await change_meeting(tx, meeting_id, lambda meeting: meeting.announce(moment))

    await each_due(database, "meetings", due, announce, first="announce_at")


async def meetings_of_rhythm(
    tx: Transaction, community_id: str, first: str, moment: datetime
) -> list[Meeting]:
    """The meetings that a rhythm gave and nobody touched since, on days from `first` on, yet to begin."""
    where = {
        "community_id": community_id,
        "status": "confirmed",
        "by_hand": False,
        "occurrence": {"$gte": first},
        "starts_at": {"$gt": moment},
    }
    return [
        as_meeting(document)
        for document in await tx.find("meetings", where, sort=[("starts_at", 1)])
    ]


async def days_taken(tx: Transaction, community_id: str, days: list[str]) -> set[str]:
    """On which of these days of the rhythm a meeting stands already, or was cancelled by somebody."""
    where: Document = {
        "community_id": community_id,
        "occurrence": {"$in": days},
        "$or": [{"status": "confirmed"}, {"status": "cancelled", "by_hand": True}],
    }
    return {document["occurrence"] for document in await tx.find("meetings", where)}


async def shown_in_feeds(
    tx: Transaction, community_ids: list[str], moment: datetime
) -> list[Meeting]:
    """The meetings of calendars: those to come and of the last month; cancelled ones say so."""
    where: Document = {
        "community_id": {"$in": community_ids},
        "status": {"$ne": "withdrawn"},
        **_ends_after(moment - timedelta(days=31)),
    }
    documents = await tx.find("meetings", where, sort=[("starts_at", 1), ("_id", 1)], limit=2000)
    return [as_meeting(document) for document in documents]


def _ends_after(moment: datetime) -> Document:
    """Said of the start as well, by which meetings are found: what is long past need not be read."""
    return {"starts_at": {"$gt": moment - LONGEST}, "ends_at": {"$gt": moment}}


def as_meeting(document: Document) -> Meeting:
    return Meeting.model_validate({k: v for k, v in document.items() if k in Meeting.model_fields})
