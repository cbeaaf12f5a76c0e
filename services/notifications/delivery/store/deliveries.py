"""Deliveries as operators look at them, and decide."""

from datetime import UTC, datetime
from typing import Any

from bson import MinKey
from pymongo import UpdateOne

from services.notifications.delivery.layout import DELIVERIES
from services.notifications.delivery.model import TRAIL, Transition
from services.notifications.telling.model import Attempt, Notification, State
from services.notifications.telling.store import read_notification
from shared.errors import NotFound
from shared.storage.unit_of_work import Transaction

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


async def deliveries(
    tx: Transaction, state: State, after: tuple[Any, ...] | None, limit: int
) -> list[Notification]:
    """A page of the mails in a state, the oldest first."""
    where: dict[str, Any] = {"state": state, "next_at": {"$gte": EARLIEST}}  # as an index has it
    if state == "queued":
        where["channel"] = {
            "$gte": MinKey()
        }  # any or none: the index of what is due begins with it
    if after:
        at, id = after
        where["$or"] = [{"next_at": {"$gt": at}}, {"next_at": at, "_id": {"$gt": id}}]
    order = [("next_at", 1), ("_id", 1)]
    documents = await tx.find(DELIVERIES, where, sort=order, limit=limit)
    return [read_notification(document) for document in documents]


async def delivery(tx: Transaction, notification_id: str) -> Notification:
    document = await tx.get(DELIVERIES, notification_id)
    if document is None:
        raise NotFound(f"There is no delivery {notification_id}.")
    return read_notification(document)


def save_delivery(
    tx: Transaction, notification: Notification, transition: Transition, by: Attempt
) -> Notification:
    """What an operator decides about a delivery."""
    change: dict[str, Any] = {
        "$set": {**transition.model_dump(), "attempts": 0, "looks": 0},
        "$push": {"trail": {"$each": [by.model_dump()], "$slice": -TRAIL}},
    }
    unchanged = {"_id": notification.notification_id, "state": notification.state}
    tx.write(DELIVERIES, UpdateOne(unchanged, change))
    trail = (*notification.trail, by)[-TRAIL:]
    return notification.model_copy(
        update={**transition.model_dump(), "attempts": 0, "trail": trail}
    )
