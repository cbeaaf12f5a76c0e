"""Mails on their way: claimed with a lease, tried, recorded. All leases go by the server's clock."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument, UpdateMany, UpdateOne

from services.notifications.model import TRAIL, Next, Notification, State, Try, identify
from services.notifications.store.inbox import read_notification
from shared.errors import NotFound
from shared.storage.database import Database
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LAPSED = "the sender ended, or did not answer, while it was sending"


async def due(database: Database, most: int) -> list[Notification]:
    """The mails that may be tried now, at most `most` of them, what is due longest first."""
    where = {"state": "queued", "next_at": {"$lte": now()}}
    found = database["notifications"].find(where).sort("next_at", 1).limit(most)
    return [read_notification(document) for document in await found.to_list(None)]


async def claim(database: Database, attempt: str, lease_seconds: float) -> Notification | None:
    """Take the mail that is due longest: it is `sending` from now on, and nobody else takes it."""
    until = {"$add": ["$$NOW", int(lease_seconds * 1000)]}
    taken = {"state": "sending", "attempt": attempt, "lease_until": until, "claimed_at": "$$NOW"}
    found = await database["notifications"].find_one_and_update(
        {"state": "queued", "next_at": {"$lte": now()}},
        [{"$set": taken}],
        sort=[("next_at", 1)],
        return_document=ReturnDocument.AFTER,
    )
    return read_notification(found) if found else None


async def record(
    database: Database,
    one: Notification,
    attempt: str,
    step: Next,
    tried: Try | None,
    *,
    counted: bool = False,
    looked: bool = False,
) -> bool:
    """What became of a mail. False if it is not this attempt's any more: it was given up, and sent anew.

    An attempt that was given up as lapsed, and comes back with the truth, is still believed.
    """
    mine = {
        "_id": one.notification_id,
        "attempt": attempt,
        "state": {"$in": ["sending", "delivery-unknown"]},
    }
    change: dict[str, Any] = {
        "$set": step.model_dump(),
        "$unset": {"lease_until": 1},
        "$inc": {"attempts": int(counted), "looks": int(looked)},
    }
    if tried:
        change["$push"] = {"trail": {"$each": [tried.model_dump()], "$slice": -TRAIL}}
    done = await database["notifications"].update_one(mine, change)
    return done.matched_count == 1


async def give_up_on_lapsed(database: Database) -> int:
    """What was being sent when its lease ran out may have gone out: nobody knows, so it stays."""
    lapsed = {"state": "sending", "$expr": {"$lt": ["$lease_until", "$$NOW"]}}
    tried = Try(at=now(), outcome="unknown", detail=LAPSED)
    change: dict[str, Any] = {
        "$set": {"state": "delivery-unknown", "reason": LAPSED, "next_at": now()},
        "$push": {"trail": {"$each": [tried.model_dump()], "$slice": -TRAIL}},
        "$inc": {"attempts": 1},
    }
    return (await database["notifications"].update_many(lapsed, change)).modified_count


def retry_mails_to(tx: Transaction, person_id: str) -> None:
    """What waits for a fact about a person looks for it again now."""
    waits = {"person_id": person_id, "state": "queued", "looks": {"$gt": 0}}
    tx.write("notifications", UpdateMany(waits, {"$set": {"next_at": now()}}))


async def threads_before(
    database: Database, items: Sequence[Notification]
) -> dict[str, list[Notification]]:
    """What the same people were told of the same meetings before, the oldest first; by notification."""
    meetings = sorted({one.meeting_id for one in items if one.meeting_id})
    notices: defaultdict[str | None, list[str]] = defaultdict(list)
    if meetings:
        about = database["notices"].find({"meeting_id": {"$in": meetings}}, {"meeting_id": 1})
        for notice in await about.to_list(None):
            notices[notice["meeting_id"]].append(notice["_id"])
    threads = {
        one.notification_id: [identify(id, one.person_id) for id in notices[one.meeting_id]]
        for one in items
    }
    ids = sorted({id for thread in threads.values() for id in thread})
    found = database["notifications"].find({"_id": {"$in": ids}})
    known = {document["_id"]: read_notification(document) for document in await found.to_list(None)}
    return {
        one.notification_id: sorted(
            (
                known[id]
                for id in threads[one.notification_id]
                if id in known and _place(known[id]) < _place(one)
            ),
            key=_place,
        )
        for one in items
    }


def _place(one: Notification) -> tuple[int, Any, str]:
    return one.sequence, one.at, one.notification_id


# For operators


async def deliveries(
    tx: Transaction, state: State, after: tuple[Any, ...] | None, limit: int
) -> list[Notification]:
    """A page of the mails in a state, the oldest first."""
    where: dict[str, Any] = {"state": state, "next_at": {"$gte": EARLIEST}}  # as an index has it
    if after:
        at, id = after
        where["$or"] = [{"next_at": {"$gt": at}}, {"next_at": at, "_id": {"$gt": id}}]
    found = await tx.find("notifications", where, sort=[("next_at", 1), ("_id", 1)], limit=limit)
    return [read_notification(document) for document in found]


async def delivery(tx: Transaction, notification_id: str) -> Notification:
    found = await tx.get("notifications", notification_id)
    if found is None:
        raise NotFound(f"There is no delivery {notification_id}.")
    return read_notification(found)


def save_delivery(tx: Transaction, one: Notification, step: Next, by: Try) -> Notification:
    """What an operator decides about a mail."""
    change: dict[str, Any] = {
        "$set": {**step.model_dump(), "attempts": 0, "looks": 0},
        "$push": {"trail": {"$each": [by.model_dump()], "$slice": -TRAIL}},
    }
    unchanged = {"_id": one.notification_id, "state": one.state}
    tx.write("notifications", UpdateOne(unchanged, change))
    told = {**step.model_dump(), "attempts": 0, "trail": (*one.trail, by)[-TRAIL:]}
    return one.model_copy(update=told)
