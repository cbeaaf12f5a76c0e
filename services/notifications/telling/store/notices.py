"""Notices: what waits to be told to everybody it concerns."""

from typing import Any

from pymongo import ReturnDocument

from services.notifications.telling.model import Notice
from shared.storage.database import Database
from shared.storage.unit_of_work import Transaction

LEASE_MS = 30_000


def keep_notice(tx: Transaction, notice: Notice) -> None:
    """Keep a notice in the event's transaction; the same one is kept once."""
    document = {**notice.model_dump(exclude={"notice_id"}), "state": "open", "lease_until": None}
    tx.update("notices", notice.notice_id, {"$setOnInsert": document}, upsert=True)


async def claim_notice(database: Database) -> Notice | None:
    """Take the next open notice for half a minute, by the server's clock.

    Notices about one meeting go in order: who is to hear of its end must have been invited first.
    """
    notices = database["notices"]
    order = [("noticed_at", 1), ("sequence", 1)]
    free = {"$lt": [{"$ifNull": ["$lease_until", 0]}, "$$NOW"]}  # a number is before any date
    open_now = {"state": "open", "$expr": free}
    candidates = await notices.find(open_now).sort(order).limit(50).to_list(None)
    for candidate in candidates:
        if candidate["meeting_id"] and await _has_earlier(database, candidate):
            continue
        claimed = await notices.find_one_and_update(
            {"_id": candidate["_id"], **open_now},
            [{"$set": {"lease_until": {"$add": ["$$NOW", LEASE_MS]}}}],
            return_document=ReturnDocument.AFTER,
        )
        if claimed:
            return read_notice(claimed)
    return None


async def _has_earlier(database: Database, notice: dict[str, Any]) -> bool:
    before = {
        "meeting_id": notice["meeting_id"],
        "state": "open",
        "sequence": {"$lt": notice["sequence"]},
    }
    return await database["notices"].find_one(before, {"_id": 1}) is not None


async def finish_notice(database: Database, notice: Notice, people: int) -> None:
    """Everybody it concerns has a notification."""
    change = {"$set": {"state": "done", "told": people}, "$unset": {"lease_until": 1}}
    await database["notices"].update_one({"_id": notice.notice_id}, change)


def read_notice(document: dict[str, Any]) -> Notice:
    return Notice.model_validate({**document, "notice_id": document["_id"]})
