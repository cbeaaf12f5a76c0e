"""S8: one meeting that everybody wants, beside as many answers to meetings of their own."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shared.contracts.membership import MemberJoined
from shared.types.clock import now
from tests.bench.rows import Row, ratio
from tests.bench.world import Bench, Stopwatch
from tests.support.service import Service, a_service, started

SEATS, PEOPLE, TIMES = 10, 50, 20


async def rows(bench: Bench) -> list[Row]:
    with TemporaryDirectory() as folder:
        async with a_service("scheduling", bench.parts.mongo, Path(folder)) as service:
            fay = MemberJoined(community_id="c1", person_id="fay", role="facilitator")
            await service.happens(started(), fay)
            people = [f"p{n:02}" for n in range(PEOPLE)]
            for person_id in people:
                await service.happens(MemberJoined(community_id="c1", person_id=person_id))
            clients = [service.as_(person_id) for person_id in people]
            return [
                await ratio(
                    "one hot meeting",
                    lambda: _answers(service, clients, hot=True),
                    lambda: _answers(service, clients, hot=False),
                )
            ]


async def _answers(service: Service, clients: Sequence[Any], *, hot: bool) -> float:
    """Commands a second, 50 at once; on one meeting always 10 come and 40 wait, in order."""
    seconds = 0.0
    for _ in range(TIMES):
        meetings = [await _meeting(service) for _ in range(1 if hot else PEOPLE)]
        with Stopwatch() as watch:
            replies = await asyncio.gather(
                *[
                    client.put(f"{meetings[n % len(meetings)]}/rsvp", json={"status": "accepted"})
                    for n, client in enumerate(clients)
                ]
            )
        seconds += watch.seconds
        answers = [reply.json() for reply in replies]
        lines = sorted(one["position"] for one in answers if one["status"] == "waitlisted")
        assert lines == (list(range(1, PEOPLE - SEATS + 1)) if hot else []), lines
    return TIMES * PEOPLE / seconds


async def _meeting(service: Service) -> str:
    wish = {"starts_at": (now() + timedelta(days=90)).isoformat(), "seats": SEATS}
    reply = await service.as_("fay").post("/communities/c1/meetings", json=wish)
    assert reply.status_code == 201, reply.text
    return str(reply.headers["location"])
