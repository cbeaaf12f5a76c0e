"""One notice, many recipients: found, and told in chunks side by side."""

import asyncio
from collections.abc import AsyncIterator

from services.notifications.telling.layout import NOTIFICATIONS
from services.notifications.telling.model import Notice
from services.notifications.telling.store.notifications import (
    documents,
    insert,
    notified_of,
)
from shared.events.event import Document
from shared.storage.database import Database
from shared.types.clock import now

CHUNK = 1000
PARALLEL = 4


async def expand(database: Database, notice: Notice) -> int:
    """Give everybody a notice concerns their notification. Returns how many those are."""
    if notice.calendar == "invitation" and not await _lies_ahead(database, notice):
        return 0
    people_told = 0
    running: set[asyncio.Task[None]] = set()
    try:
        async for people in _recipients(database, notice):
            people_told += len(people)
            fresh = documents(notice, people, loud=notice.fresh)
            running.add(asyncio.create_task(insert(database, fresh)))
            if len(running) >= PARALLEL:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
    return people_told


async def _lies_ahead(database: Database, notice: Notice) -> bool:
    to_come = {"_id": notice.meeting_id, "status": "confirmed", "ends_at": {"$gt": now()}}
    return await database["meetings"].find_one(to_come, {"_id": 1}) is not None


async def _recipients(database: Database, notice: Notice) -> AsyncIterator[list[str]]:
    who = notice.recipients
    excepted = set(who.except_people)
    if who.invited_to and who.except_answers:
        answers = {"meeting_id": who.invited_to, "answer": {"$in": [*who.except_answers]}}
        excepted.update(await database["answers"].distinct("person_id", answers))
    for at in range(0, len(who.people), CHUNK):
        yield [person for person in who.people[at : at + CHUNK] if person not in excepted]
    for collection, where in await _searches(database, notice):
        cursor = database[collection].find(where, {"person_id": 1, "_id": 0}, batch_size=CHUNK)
        while page := await cursor.to_list(CHUNK):
            people = {document["person_id"] for document in page} - excepted
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
        searches += [(NOTIFICATIONS, {"_id": notified_of(id)}) for id in ids]
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
