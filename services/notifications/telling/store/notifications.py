"""Notifications as documents: inbox item and delivery in one, with ids that make a repetition harmless."""

from collections.abc import Iterable
from typing import Any

from pymongo.errors import BulkWriteError

from services.notifications.telling.layout import NOTIFICATIONS
from services.notifications.telling.model import Notice, Notification, identify
from shared.events.event import Document
from shared.storage.database import Database
from shared.types.clock import now

DUPLICATE = 11000


def documents(notice: Notice, people: Iterable[str], *, loud: bool) -> list[Document]:
    """A document each: inbox item and mail in one. Old news is noted, and told to nobody."""
    at = now()
    common: Document = {
        "notice_id": notice.notice_id,
        "category": notice.category,
        "at": at,
        "next_at": at,
        "state": "queued",
    }
    if not loud:
        common |= {"state": "suppressed", "reason": "happened long ago", "read_at": at}
    if notice.community_id:
        common["community_id"] = notice.community_id
    if notice.meeting_id:
        common |= {"meeting_id": notice.meeting_id, "sequence": notice.sequence}
    if notice.calendar:
        common["calendar"] = notice.calendar
    id = notice.notice_id
    return [{"_id": identify(id, person), "person_id": person, **common} for person in people]


def notified_of(notice_id: str) -> Document:
    """The ids of all notifications of a notice: they begin with its own."""
    return {"$gte": notice_id, "$lt": notice_id + "g"}  # after every hexadecimal digit


async def insert(database: Database, documents: list[Document]) -> None:
    """Keep new notifications; one that is there already stays as it is."""
    if not documents:
        return
    try:
        await database[NOTIFICATIONS].insert_many(documents, ordered=False)
    except BulkWriteError as error:
        errors = (error.details or {}).get("writeErrors", [])
        if any(failure["code"] != DUPLICATE for failure in errors):
            raise


def read_notification(document: dict[str, Any]) -> Notification:
    return Notification.model_validate({**document, "notification_id": document["_id"]})
