"""What several worlds are told of communities, and what must succeed while they are built."""

from datetime import UTC, datetime
from typing import Any

import httpx2

from shared.contracts.membership import MemberJoined, MemberLeft
from tests.authorisation.people import World
from tests.support.service import started

MONDAY = datetime(2027, 1, 4, 9, tzinfo=UTC)


async def a_community(world: World, level: Any, *members: str) -> str:
    """A community and its members, as membership tells of them."""
    community_id = f"the-{level}"
    world.ids[level]["community_id"] = community_id
    roles: dict[str, Any] = {"fay": "facilitator", "cof": "co-facilitator"}
    joined = [
        MemberJoined(community_id=community_id, person_id=name, role=roles.get(name, "member"))
        for name in ("fay", "cof", *members)
    ]
    await world.service.happens(started(community_id, level, purpose=world.secret(level)), *joined)
    return community_id


async def lea_leaves(world: World, level: str) -> None:
    """Lea was a member, and is one no longer."""
    community_id = world.ids[level]["community_id"]
    await world.service.happens(MemberLeft(community_id=community_id, person_id="lea"))


async def done(asked: Any) -> httpx2.Response:
    """The answer, which must be a good one."""
    reply: httpx2.Response = await asked
    assert reply.status_code < 300, reply.text
    return reply
