"""Notifications with data that grows, and what is asked of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from shared.contracts.membership import PersonRegistered
from shared.contracts.notifications import NotificationRequested
from shared.types.clock import now
from tests.bench.growing.copies import Asks, Copies, Fill, alone, every
from tests.bench.world import Bench


@asynccontextmanager
async def grown(bench: Bench) -> AsyncIterator[tuple[Fill, Asks]]:
    async with alone(bench, "notifications") as service:
        registered = PersonRegistered(
            person_id="ann", name="Ann", email="ann@example.org", registered_at=now()
        )
        said = {"audience": {"people": ["ann"]}, "subject": "Hello", "text": "News."}
        wish = NotificationRequested.model_validate({"request_id": "r1", **said})
        await service.happens(registered, wish)
        await service.does("tell")

        def told(whose: str, state: str) -> Callable[[int], dict[str, Any]]:
            return lambda n: {
                "_id": f"{whose}-{state}-{n}",
                "person_id": whose,
                "state": state,
                "at": now() - timedelta(minutes=n),
                "next_at": now() - timedelta(minutes=n),
            }

        fill = every(
            Copies(service, "notifications", 60, told("ann", "failed")),
            Copies(service, "notifications", 200, told("bob", "sent")),
        )
        operator = service.as_("olga", scopes=("copse:operator",))
        yield (
            fill,
            {
                "inbox": (service.as_("ann"), "/inbox"),
                "deliveries": (operator, "/deliveries?state=failed"),
            },
        )
