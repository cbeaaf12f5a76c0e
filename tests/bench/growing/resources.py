"""Resources with data that grows, and what is asked of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from deploy.local.tokens import person_id
from shared.contracts.membership import MemberJoined
from tests.bench.growing.copies import Asks, Copies, Fill, alone, every
from tests.bench.world import Bench
from tests.support.service import Service, started

LISTED = "/communities/c1/resources"


@asynccontextmanager
async def grown(bench: Bench) -> AsyncIterator[tuple[Fill, Asks]]:
    async with alone(bench, "resources") as service:
        fill = await sharing(service, "fay")
        yield fill, {"shared": (service.as_(person_id("fay")), LISTED)}


async def sharing(service: Service, address: str) -> Fill:
    """Two communities of somebody's that share as much as one wants, fifty links each at a time."""
    me = person_id(address)
    for community_id in ("c1", "c2"):
        joined = MemberJoined(community_id=community_id, person_id=me)
        await service.happens(started(community_id), joined)
    link = {"url": "https://example.org/a", "title": "Ten ways to open a meeting"}
    reply = await service.as_(me).post("/communities/c1/links", json=link)
    assert reply.status_code == 201, reply.text

    def shared(where: str) -> Callable[[int], dict[str, Any]]:
        def change(n: int) -> dict[str, Any]:
            id = f"{where}-{n:06}"
            title = f"Openings, word{n % 10}, part {n}"
            about = {"title": title, "description": "", "tags": []}
            return {"_id": id, "resource_id": id, "community_id": where, "about": about}

        return change

    return every(
        Copies(service, "resources", 50, shared("c1")),
        Copies(service, "resources", 50, shared("c2")),
    )
