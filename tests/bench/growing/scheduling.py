"""Scheduling with data that grows, and what is asked of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from shared.contracts.membership import MemberJoined
from shared.types.clock import now
from tests.bench.growing.copies import Asks, Copies, Fill, alone, every
from tests.bench.world import Bench
from tests.support.service import started


@asynccontextmanager
async def grown(bench: Bench) -> AsyncIterator[tuple[Fill, Asks]]:
    async with alone(bench, "scheduling") as service:
        facilitator = MemberJoined(community_id="c1", person_id="fay", role="facilitator")
        await service.happens(started(), facilitator)
        fay = service.as_("fay")
        for n in range(1, 11):
            wish = {"starts_at": (now() + timedelta(days=n)).isoformat()}
            reply = await fay.post("/communities/c1/meetings", json=wish)
            assert reply.status_code == 201, reply.text

        def past(where: str) -> Callable[[int], dict[str, Any]]:
            def change(n: int) -> dict[str, Any]:
                starts_at = now() - timedelta(days=40, hours=n)
                span = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1)}
                return {
                    "_id": f"{where}-{n}",
                    "meeting_id": f"{where}-{n}",
                    "community_id": where,
                } | span

            return change

        feed = (await fay.post("/people/me/feed")).json()["url"].partition("/feeds/")[2]
        fill = every(
            Copies(service, "meetings", 20, past("c1")),
            Copies(service, "meetings", 200, past("c2")),
        )
        yield (
            fill,
            {
                "meetings": (fay, "/communities/c1/meetings"),
                "calendar feed": (service.client(), f"/feeds/{feed}"),
            },
        )
