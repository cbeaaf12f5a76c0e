"""One notice, many recipients: chunks side by side, ids that make a repetition harmless."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Any

from pymongo import DeleteOne
from pymongo.errors import BulkWriteError

from services.notifications.model import Notice, identify
from services.notifications.store.notices import read_notice
from shared.events.event import Document
from shared.observability.logs import log
from shared.storage.database import Database, is_outage
from shared.types.clock import now

CHUNK = 1000
PARALLEL = 4
JOINS = 500
DUPLICATE = 11000
LONGEST_FRESH = timedelta(days=365)


async def expand(database: Database, notice: Notice) -> int:
    """Give everybody a notice concerns their notification. Returns how many those are."""
    if notice.calendar == "invitation" and not await _lies_ahead(database, notice):
        return 0
    told = 0
    running: set[asyncio.Task[None]] = set()
    try:
        async for people in _recipients(database, notice):
            told += len(people)
            documents = notifications(notice, people, loud=notice.fresh)
            running.add(asyncio.create_task(_insert(database, documents)))
            if len(running) >= PARALLEL:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
    return told


def notifications(notice: Notice, people: Iterable[str], *, loud: bool) -> list[Document]:
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


async def _insert(database: Database, documents: list[Document]) -> None:
    if not documents:
        return
    try:
        await database["notifications"].insert_many(documents, ordered=False)
    except BulkWriteError as error:
        errors = (error.details or {}).get("writeErrors", [])
        if any(one["code"] != DUPLICATE for one in errors):
            raise


async def _lies_ahead(database: Database, notice: Notice) -> bool:
    ahead = {"_id": notice.meeting_id, "status": "confirmed", "ends_at": {"$gt": now()}}
    return await database["meetings"].find_one(ahead, {"_id": 1}) is not None


async def _recipients(database: Database, notice: Notice) -> AsyncIterator[list[str]]:
    who = notice.recipients
    excepted = set(who.except_people)
    if who.invited_to and who.except_answers:
        answers = {"meeting_id": who.invited_to, "answer": {"$in": [*who.except_answers]}}
        excepted.update(await database["answers"].distinct("person_id", answers))
    for at in range(0, len(who.people), CHUNK):
        yield [person for person in who.people[at : at + CHUNK] if person not in excepted]
    for collection, where in await _searches(database, notice):
        found = database[collection].find(where, {"person_id": 1, "_id": 0}, batch_size=CHUNK)
        while documents := await found.to_list(CHUNK):
            people = {document["person_id"] for document in documents} - excepted
            yield await _belonging(database, notice, sorted(people))


async def _searches(database: Database, notice: Notice) -> list[tuple[str, Document]]:
    who = notice.recipients
    searches: list[tuple[str, Document]] = []
    if who.members_of:
        members: Document = {"community_id": who.members_of, "status": "active"}
        if who.roles:
            members["role"] = {"$in": [*who.roles]}
        searches.append(("memberships", members))
    if who.invited_to:
        first = {
            "meeting_id": who.invited_to,
            "calendar": "invitation",
            "recipients.invited_to": None,
        }
        ids: list[str] = await database["notices"].distinct("_id", first)
        searches += [("notifications", {"_id": notified_of(id)}) for id in ids]
    if who.answered_to:
        answered = {"meeting_id": who.answered_to, "answer": {"$in": [*who.answers]}}
        searches.append(("answers", answered))
    return searches


async def _belonging(database: Database, notice: Notice, people: list[str]) -> list[str]:
    """Of those invited, who still belongs, where the rule asks for it."""
    if not (people and notice.recipients.still_members and notice.community_id):
        return people
    ids = [f"{notice.community_id}:{person}" for person in people]
    active = {"_id": {"$in": ids}, "status": "active"}
    return await database["memberships"].distinct("person_id", active)


# Who joins


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
    documents = await _missed(database, community_id, newcomers)
    for at in range(0, len(documents), CHUNK):
        await _insert(database, documents[at : at + CHUNK])
    done = [DeleteOne({"_id": join["_id"], "joined_at": join["joined_at"]}) for join in newcomers]
    await database["joins"].bulk_write(done, ordered=False)


async def _missed(
    database: Database, community_id: str, newcomers: list[Document]
) -> list[Document]:
    ahead = {"community_id": community_id, "status": "confirmed", "ends_at": {"$gt": now()}}
    meetings: list[str] = await database["meetings"].distinct("_id", ahead)
    first: datetime = max(min(join["joined_at"] for join in newcomers), now() - LONGEST_FRESH)
    since = {"community_id": community_id, "happened_at": {"$gte": first}}
    open_to_all = {"meeting_id": {"$in": meetings}, "newcomers": True}
    found = database["notices"].find({"$or": [since, open_to_all]})
    notices = [read_notice(document) for document in await found.to_list(None)]
    standing = {"_id": {"$in": [join["_id"] for join in newcomers]}, "status": "active"}
    active = {one["_id"]: one for one in await database["memberships"].find(standing).to_list(None)}
    return [
        document
        for join in newcomers
        if join["_id"] in active
        for notice in notices
        if _concerns(notice, join, active[join["_id"]], meetings)
        for loud in [notice.is_fresh_for(join["joined_at"], now())]
        if loud or notice.calendar
        for document in notifications(notice, [join["person_id"]], loud=loud)
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
