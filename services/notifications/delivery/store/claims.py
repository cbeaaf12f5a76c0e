"""Deliveries on their way: claimed with a lease, tried, recorded. All leases go by the server's clock."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ReturnDocument, UpdateMany, UpdateOne

from services.notifications.delivery.layout import DELIVERIES
from services.notifications.delivery.model import TRAIL, Transition
from services.notifications.telling.model import Attempt, Notification
from services.notifications.telling.store import read_notification
from shared.storage.database import Database
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now

Takes = Sequence[str | None]
"""The channels whose deliveries a sender takes; None stands for those that were given none."""
LAPSED = "the sender ended, or did not answer, while it was sending"


async def due(database: Database, takes: Takes, most: int) -> list[Notification]:
    """What may be tried now, at most `most` of it, what is due longest first."""
    cursor = database[DELIVERIES].find(_due(takes)).sort("next_at", 1).limit(most)
    return [read_notification(document) for document in await cursor.to_list(None)]


async def claim(
    database: Database, takes: Takes, attempt: str, lease_seconds: float
) -> Notification | None:
    """Take what is due longest: it is `sending` from now on, and nobody else takes it."""
    until = {"$add": ["$$NOW", int(lease_seconds * 1000)]}
    taken = {"state": "sending", "attempt": attempt, "lease_until": until, "claimed_at": "$$NOW"}
    document = await database[DELIVERIES].find_one_and_update(
        _due(takes),
        [{"$set": taken}],
        sort=[("next_at", 1)],
        return_document=ReturnDocument.AFTER,
    )
    return read_notification(document) if document else None


async def record(
    database: Database,
    notification: Notification,
    attempt: str,
    transition: Transition,
    attempted: Attempt | None,
    *,
    counted: bool = False,
    looked: bool = False,
) -> bool:
    """What became of a delivery. False if it is not this attempt's any more: it was given up, and sent anew.

    An attempt that was given up as lapsed, and comes back with the truth, is still believed.
    """
    mine = {
        "_id": notification.notification_id,
        "attempt": attempt,
        "state": {"$in": ["sending", "delivery-unknown"]},
    }
    change: dict[str, Any] = {
        "$set": transition.model_dump(),
        "$unset": {"lease_until": 1},
        "$inc": {"attempts": int(counted), "looks": int(looked)},
    }
    if attempted:
        change["$push"] = {"trail": {"$each": [attempted.model_dump()], "$slice": -TRAIL}}
    result = await database[DELIVERIES].update_one(mine, change)
    return result.matched_count == 1


async def give_up_on_lapsed(database: Database) -> int:
    """What was being sent when its lease ran out may have gone out: nobody knows, so it stays.

    Of all channels, also of one that is not there any more: whoever looks first tells.
    """
    lapsed = {"state": "sending", "$expr": {"$lt": ["$lease_until", "$$NOW"]}}
    attempted = Attempt(at=now(), outcome="unknown", detail=LAPSED)
    change: dict[str, Any] = {
        "$set": {"state": "delivery-unknown", "reason": LAPSED, "next_at": now()},
        "$push": {"trail": {"$each": [attempted.model_dump()], "$slice": -TRAIL}},
        "$inc": {"attempts": 1},
    }
    return (await database[DELIVERIES].update_many(lapsed, change)).modified_count


def retry_deliveries_to(tx: Transaction, person_id: str) -> None:
    """What waits for a fact about a person looks for it again now."""
    waits = {"person_id": person_id, "state": "queued", "looks": {"$gt": 0}}
    tx.write(DELIVERIES, UpdateMany(waits, {"$set": {"next_at": now()}}))


async def unrouted(database: Database, known: Takes, most: int) -> list[Notification]:
    """What no sender takes: nobody decided on its channel, or that one is not there any more."""
    where = {"state": "queued", "channel": {"$nin": [*known]}}
    documents = await database[DELIVERIES].find(where).limit(most).to_list(None)
    return [read_notification(document) for document in documents]


async def assign(database: Database, channels: Mapping[str, str], known: Takes) -> None:
    """From now on these notifications go by these channels, unless another replica was faster."""
    changes = [
        UpdateOne(
            {"_id": id, "state": "queued", "channel": {"$nin": [*known]}},
            {"$set": {"channel": channel}},
        )
        for id, channel in channels.items()
    ]
    await database[DELIVERIES].bulk_write(changes, ordered=False)


def _due(takes: Takes) -> dict[str, Any]:
    return {"state": "queued", "channel": {"$in": [*takes]}, "next_at": {"$lte": now()}}
