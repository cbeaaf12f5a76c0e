"""Notifications, with people who were told of a meeting in a community of every privacy level."""

from datetime import UTC, datetime, timedelta

from deploy.docs.authorisation import LEVELS
from services.notifications.delivery.store import subscribed
from shared.contracts.membership import PersonRegistered
from shared.contracts.scheduling import MeetingAnnounced
from tests.authorisation.people import World
from tests.authorisation.worlds.facts import MONDAY, a_community, lea_leaves

SOON = datetime(2030, 4, 9, 13, tzinfo=UTC)


async def build(world: World) -> None:
    service, database = world.service, world.service.database
    for name in ("fay", "cof", "bob", "ann", "lea"):
        address = f"{name}@example.org"
        who = PersonRegistered(person_id=name, name=name, email=address, registered_at=MONDAY)
        await service.happens(who)
    for level in LEVELS:
        community_id = await a_community(world, level, "bob", "ann", "lea")
        await lea_leaves(world, level)
        await service.happens(
            MeetingAnnounced(
                meeting_id=f"meeting-{level}",
                community_id=community_id,
                uid=f"meeting-{level}@copse",
                revision=0,
                title=world.secret(level),
                starts_at=SOON,
                ends_at=SOON + timedelta(hours=1),
                zone="Europe/London",
                format="online",
                join_url=f"https://meet.example.org/{world.secret(level)}",
            )
        )
        await service.does("tell")
        for person_id, called in {"ann": "message", "bob": "member's message"}.items():
            which = {"person_id": person_id, "meeting_id": f"meeting-{level}"}
            unknown = {"$set": {"state": "delivery-unknown"}}
            found = await database["notifications"].find_one_and_update(which, unknown)
            assert found, f"{person_id} was not told of the {level} meeting"
            world.ids[level][called] = found["_id"]
        kind = ("ann", "meetings", community_id)
        mine = await subscribed(database, [kind])
        world.ids[level]["token"] = mine[kind].token
