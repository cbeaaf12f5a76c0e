"""Who joins is told what their community is being told these days."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from pymongo import DeleteOne

from services.notifications.telling.model import Notice
from services.notifications.telling.store.fan_out import CHUNK
from services.notifications.telling.store.notices import read_notice
from services.notifications.telling.store.notifications import documents, insert
from shared.events.event import Document
from shared.observability.logs import log
from shared.storage.database import Database
from shared.storage.failures import is_outage
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now

JOINS = 500
LONGEST_FRESH = timedelta(days=365)


def keep_newcomer(tx: Transaction, community_id: str, person_id: str, joined_at: datetime) -> None:
    """Remember that somebody joined, to be told what the community is being told these days."""
    change = {"community_id": community_id, "person_id": person_id, "joined_at": joined_at}
    tx.update("joins", f"{community_id}:{person_id}", {"$set": change}, upsert=True)


async def tell_newcomers(database: Database) -> bool:
    """Tell those who joined what their community is being told, whichever fact came first.

    A joining is looked at after it was committed, and so is a notice: one of the two sees the other.
    What fails in one community is logged, tried again at the next turn, and holds up no other.
    """
    somebody = False
    failed: list[str] = []
    others = {"community_id": {"$nin": failed}}
    while joins := await database["joins"].find(others).limit(JOINS).to_list(None):
        by_community: defaultdict[str, list[Document]] = defaultdict(list)
        for join in joins:
            by_community[join["community_id"]].append(join)
        for community_id, newcomers in by_community.items():
            try:
                await _catch_up(database, community_id, newcomers)
            except Exception as error:
                if is_outage(error):
                    raise
                failed.append(community_id)
                log.error("newcomers cannot be told", community=community_id, exc_info=error)
            else:
                somebody = True
    return somebody


async def _catch_up(database: Database, community_id: str, newcomers: list[Document]) -> None:
    missed = await _missed(database, community_id, newcomers)
    for at in range(0, len(missed), CHUNK):
        await insert(database, missed[at : at + CHUNK])
    done = [DeleteOne({"_id": join["_id"], "joined_at": join["joined_at"]}) for join in newcomers]
    await database["joins"].bulk_write(done, ordered=False)


async def _missed(
    database: Database, community_id: str, newcomers: list[Document]
) -> list[Document]:
    to_come = {"community_id": community_id, "status": "confirmed", "ends_at": {"$gt": now()}}
    meetings: list[str] = await database["meetings"].distinct("_id", to_come)
    first: datetime = max(min(join["joined_at"] for join in newcomers), now() - LONGEST_FRESH)
    since = {"community_id": community_id, "happened_at": {"$gte": first}}
    open_to_all = {"meeting_id": {"$in": meetings}, "newcomers": True}
    cursor = database["notices"].find({"$or": [since, open_to_all]})
    notices = [read_notice(document) for document in await cursor.to_list(None)]
    standing = {"_id": {"$in": [join["_id"] for join in newcomers]}, "status": "active"}
    memberships = await database["memberships"].find(standing).to_list(None)
    active = {membership["_id"]: membership for membership in memberships}
    return [
        document
        for join in newcomers
        if join["_id"] in active
        for notice in notices
        if _concerns(notice, join, active[join["_id"]], meetings)
        for loud in [notice.is_fresh_for(join["joined_at"], now())]
        if loud or notice.calendar
        for document in documents(notice, [join["person_id"]], loud=loud)
    ]


def _concerns(notice: Notice, join: Document, member: dict[str, Any], meetings: list[str]) -> bool:
    who = notice.recipients
    return (
        who.members_of == join["community_id"]
        and notice.includes(join["joined_at"])
        and (not who.roles or member.get("role") in who.roles)
        and join["person_id"] not in who.except_people
        and (notice.calendar != "invitation" or notice.meeting_id in meetings)
    )
