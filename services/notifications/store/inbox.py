"""What people were told, the newest first."""

from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from services.notifications.model import Notification
from shared.errors import NotFound
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now


async def inbox(
    tx: Transaction, person_id: str, after: tuple[Any, ...] | None, limit: int
) -> tuple[list[Notification], tuple[datetime, int] | None]:
    """A page of what a person was told, and the place where the next one begins.

    A place is a moment, and how much of that very moment has been shown: one fan-out tells people
    several things at the same time, and an index by their ids as well would cost it a quarter.
    """
    where: dict[str, Any] = {"person_id": person_id}
    shown = 0
    if after:
        where["at"], shown = {"$lte": after[0]}, after[1]
    most = shown + limit
    found = await tx.find("notifications", where, sort=[("at", -1)], limit=most)
    page = [read_notification(document) for document in found[shown:]]
    if len(found) < most or not page:
        return page, None
    last = page[-1].at
    return page, (last, sum(one["at"] == last for one in found))


async def inbox_item(tx: Transaction, person_id: str, notification_id: str) -> Notification:
    """One thing a person was told; NotFound also if somebody else was."""
    found = await tx.get("notifications", notification_id)
    if found is None or found["person_id"] != person_id:
        raise NotFound(f"There is no {notification_id} in your inbox.")
    return read_notification(found)


async def unread(tx: Transaction, person_id: str) -> int:
    return await tx.count("notifications", {"person_id": person_id, "read_at": None})


def mark_read(tx: Transaction, one: Notification) -> Notification:
    """Read from now on; the first time counts."""
    if one.read_at:
        return one
    read = one.model_copy(update={"read_at": now()})
    change = {"$set": {"read_at": read.read_at}}
    tx.write("notifications", UpdateOne({"_id": one.notification_id}, change))
    return read


def read_notification(document: dict[str, Any]) -> Notification:
    return Notification.model_validate({**document, "notification_id": document["_id"]})
