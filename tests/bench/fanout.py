"""One event that tells ten thousand people, beside inserting as many documents by hand."""

import asyncio

from services.notifications.app import service
from services.notifications.telling.model import Notice, Recipients
from services.notifications.telling.store import expand
from services.notifications.telling.store.notifications import documents
from shared.storage.database import Database
from shared.types.clock import now
from tests.bench.world import Bench, Stopwatch

PEOPLE = [f"person-{n:06}" for n in range(10_000)]
CHUNK = 1000


def _notice() -> Notice:
    return Notice(
        notice_id="notice",
        rule_id="rule",
        category="announcement",
        template="requested",
        template_version=0,
        recipients=Recipients(members_of="community"),
        community_id="community",
        happened_at=now(),
        noticed_at=now(),
        event="{}",
    )


async def _database(bench: Bench) -> Database:
    database = await bench.database()
    await database.prepare(service.indexes)
    members = [
        {"_id": f"community:{id}", "community_id": "community", "person_id": id}
        | {"status": "active", "role": "member", "joined_at": now()}
        for id in PEOPLE
    ]
    await database["memberships"].insert_many(members)
    return database


async def ours(bench: Bench) -> float:
    """Notifications a second: find the audience, and give each their notification."""
    database = await _database(bench)
    notice = _notice()
    with Stopwatch() as watch:
        told = await expand(database, notice)
    assert told == await database["notifications"].count_documents({}) == len(PEOPLE)
    return len(PEOPLE) / watch.seconds


async def raw(bench: Bench) -> float:
    """Documents a second: the same ones, known beforehand, in parallel chunks."""
    database = await _database(bench)
    everybody = documents(_notice(), PEOPLE, loud=True)
    with Stopwatch() as watch:
        await asyncio.gather(
            *[
                database["notifications"].insert_many(everybody[at : at + CHUNK], ordered=False)
                for at in range(0, len(everybody), CHUNK)
            ]
        )
    return len(PEOPLE) / watch.seconds
