"""The service with a mail server that fails, and what became of its one mail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.types.clock import now
from tests.service.notifications.conftest import SETTINGS
from tests.service.notifications.post import Faulty, Post
from tests.service.notifications.region import Region, registered
from tests.support.service import a_service


@asynccontextmanager
async def over(
    faulty: Faulty, mongo: str, folder: Path, **settings: Any
) -> AsyncIterator[tuple[Region, Faulty]]:
    """The service with a mail server that fails."""
    told = SETTINGS | {"smtp_timeout_seconds": 2} | settings
    async with (
        faulty.running(),
        a_service("notifications", mongo, folder, smtp_port=faulty.port, **told) as service,
    ):
        region = Region(service, Post())
        await service.happens(registered("ann"))
        yield region, faulty


async def the_delivery(region: Region) -> dict[str, Any]:
    found = await region.service.database["notifications"].find_one({})
    assert found
    return found


async def until(region: Region, state: str, within: float = 8) -> dict[str, Any]:
    """Tick until the one mail is in a state; the clock is moved over its waits."""
    async with asyncio.timeout(within):
        while (one := await the_delivery(region))["state"] != state:
            if one["state"] == "queued" and one["next_at"] > now() + timedelta(seconds=1):
                region.service.clock(one["next_at"])
            await region.service.tick()
            await asyncio.sleep(0.05)
    return one
