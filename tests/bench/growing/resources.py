"""Resources with data that grows, and what is asked of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from shared.contracts.membership import MemberJoined
from tests.bench.growing.copies import Asks, Copies, Fill, alone, every
from tests.bench.world import Bench
from tests.support.service import started


@asynccontextmanager
async def grown(bench: Bench) -> AsyncIterator[tuple[Fill, Asks]]:
    async with alone(bench, "resources") as service:
        await service.happens(started(), MemberJoined(community_id="c1", person_id="fay"))
        other = started("c2")
        await service.happens(other, MemberJoined(community_id="c2", person_id="fay"))
        fay = service.as_("fay")
        link = {"url": "https://example.org/a", "title": "Ten ways to open a meeting"}
        reply = await fay.post("/communities/c1/links", json=link)
        assert reply.status_code == 201, reply.text

        def shared(where: str) -> Callable[[int], dict[str, Any]]:
            def change(n: int) -> dict[str, Any]:
                id = f"{where}-{n:06}"
                about = {
                    "title": f"Openings, word{n % 10}, part {n}",
                    "description": "",
                    "tags": [],
                }
                return {"_id": id, "resource_id": id, "community_id": where, "about": about}

            return change

        fill = every(
            Copies(service, "resources", 50, shared("c1")),
            Copies(service, "resources", 50, shared("c2")),
        )
        yield fill, {"shared": (fay, "/communities/c1/resources")}
