"""What people were told, the newest first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.notifications.telling.layout import NOTIFICATIONS
from services.notifications.telling.model import Notification
from services.notifications.telling.store import read_notification
from shared.errors import NotFound
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now

INDEXES: Mapping[str, Sequence[IndexModel]] = {
    NOTIFICATIONS: [IndexModel([("person_id", ASCENDING), ("at", DESCENDING)])],
}


async def inbox(
    tx: Transaction, person_id: str, after: tuple[Any, ...] | None, limit: int
) -> tuple[list[Notification], tuple[datetime, int] | None]:
    """A page of what a person was told, and the position where the next one begins.

    A position is a moment, and how much of that very moment has been shown: one fan-out tells people
    several things at the same time, and an index by their ids as well would cost it a quarter.
    """
    where: dict[str, Any] = {"person_id": person_id}
    shown = 0
    if after:
        where["at"], shown = {"$lte": after[0]}, after[1]
    most = shown + limit
    documents = await tx.find(NOTIFICATIONS, where, sort=[("at", -1)], limit=most)
    page = [read_notification(document) for document in documents[shown:]]
    if len(documents) < most or not page:
        return page, None
    last = page[-1].at
    return page, (last, sum(document["at"] == last for document in documents))


async def inbox_item(tx: Transaction, person_id: str, notification_id: str) -> Notification:
    """One thing a person was told; NotFound also if somebody else was."""
    document = await tx.get(NOTIFICATIONS, notification_id)
    if document is None or document["person_id"] != person_id:
        raise NotFound(f"There is no {notification_id} in your inbox.")
    return read_notification(document)


async def unread(tx: Transaction, person_id: str) -> int:
    return await tx.count(NOTIFICATIONS, {"person_id": person_id, "read_at": None})


def mark_read(tx: Transaction, item: Notification) -> Notification:
    """Read from now on; the first time counts."""
    if item.read_at:
        return item
    read = item.model_copy(update={"read_at": now()})
    tx.update(NOTIFICATIONS, item.notification_id, {"$set": {"read_at": read.read_at}})
    return read
