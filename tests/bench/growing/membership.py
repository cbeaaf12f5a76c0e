"""Membership with data that grows, and what is asked of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.bench.growing.copies import Asks, Copies, Fill, alone, every
from tests.bench.world import Bench


@asynccontextmanager
async def grown(bench: Bench) -> AsyncIterator[tuple[Fill, Asks]]:
    async with alone(bench, "membership") as service:
        operator = service.as_("olga", scopes=("copse:operator",))
        least = {"name": "Leads", "purpose": "Learn", "charter": "Be kind", "agreement": "Agree"}
        await operator.put("/community-types/leads", json=least)
        fay = service.as_("fay")
        wish = {"community_type": "leads", "name": "Leads in Leeds", "places": ["Leeds"]}
        path = (await fay.post("/communities", json=wish)).headers["location"]
        mine = path.rpartition("/")[2]

        def community(n: int) -> dict[str, Any]:
            return {"_id": f"z{n:06}", "community_id": f"z{n:06}"}

        def person(n: int) -> dict[str, Any]:
            return {"_id": f"p{n:06}", "person_id": f"p{n:06}"}

        def seat(where: str) -> Callable[[int], dict[str, Any]]:
            return lambda n: {
                "_id": f"{where}:p{n:06}",
                "community_id": where,
                "person_id": f"p{n:06}",
            }

        fill = every(
            Copies(service, "communities", 60, community),
            Copies(service, "people", 100, person),
            Copies(service, "standings", 60, seat(mine)),
            Copies(service, "standings", 100, seat("z000001")),
        )
        yield fill, {"communities": (fay, "/communities"), "members": (fay, f"{path}/members")}
