"""What operators do about events that were set aside: replay, drop, try again now. All of it is noted."""

from shared.events.event import new_id
from shared.observability.logs import log
from shared.storage.database import Database
from shared.storage.layout import AUDIT, DEAD, HELD, PARKED
from shared.storage.unit_of_work import Filter
from shared.types.clock import now


async def replay(database: Database, where: Filter, *, dry_run: bool = True, by: str = "") -> int:
    """Send dead events through the normal pipeline again; idempotent. Returns how many are meant."""
    meant = {**where, "state": DEAD}
    if dry_run:
        return await database[PARKED].count_documents(meant)
    change = {"$set": {"state": HELD, "attempts": 0, "next_at": now()}}
    replayed = (await database[PARKED].update_many(meant, change)).modified_count
    await _note(database, "replay", where, replayed, by)
    return replayed


async def drop(database: Database, where: Filter, *, dry_run: bool = True, by: str = "") -> int:
    """Forget dead events for good; their copies stay on `<topic>.dead`. Returns how many are meant."""
    meant = {**where, "state": DEAD}
    if dry_run:
        return await database[PARKED].count_documents(meant)
    dropped = (await database[PARKED].delete_many(meant)).deleted_count
    await _note(database, "drop", where, dropped, by)
    return dropped


async def retry_now(
    database: Database, where: Filter, *, dry_run: bool = True, by: str = ""
) -> int:
    """Try held events again now instead of when they are due. Returns how many are meant."""
    meant = {**where, "state": HELD}
    if dry_run:
        return await database[PARKED].count_documents(meant)
    retried = (
        await database[PARKED].update_many(meant, {"$set": {"next_at": now()}})
    ).matched_count
    await _note(database, "retry", where, retried, by)
    return retried


async def _note(database: Database, did: str, where: Filter, events: int, by: str) -> None:
    """What was done by hand stays known: a line of the log, and a document of `audit`."""
    if not events:
        return
    done = {"by": by, "did": did, "where": repr(where), "events": events}
    await database[AUDIT].insert_one({"_id": new_id(), "at": now(), **done})
    log.info("dead letters", **done)
