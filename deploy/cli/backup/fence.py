"""Holding every relay for some seconds, so that state and topics can be caught at one moment.

Commands are answered meanwhile: their events wait in the outboxes. What is held comes free by itself should the backup
be killed.
"""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from deploy.cli.reach import Mongo
from deploy.cli.terminal import Wrong, tell
from shared.storage.layout import LEASES
from shared.storage.lease import DOUBT_SECONDS

HOLD_SECONDS = 40
# A relay that holds its lease may still begin to send what it read before; after this it asks again first.
QUIET_SECONDS = DOUBT_SECONDS + 1


class Fence:
    """The relay leases of these services, taken from whoever held them."""

    def __init__(self, client: Mongo, services: list[str]) -> None:
        self._client = client
        self._services = services
        self._holder = f"backup:{socket.gethostname()}:{os.getpid()}"

    async def take(self) -> bool:
        """Whether any relay held its lease, which then may still be sending."""
        alive = False
        for name in self._services:
            before = await self._leases(name).find_one_and_update(
                {"_id": "relay"}, [{"$set": self._change()}], upsert=True
            )
            lives = await self._leases(name).find_one(
                {"_id": "relay", "$expr": {"$eq": ["$holder", self._holder]}}
            )
            if lives is None:
                raise Wrong(f"Another backup is holding {name}; try again when it is done.")
            alive = alive or before is not None
        return alive

    def _change(self) -> dict[str, Any]:
        """Take it from a relay, but not from another backup that is at work."""
        other = {
            "$and": [
                {"$regexMatch": {"input": {"$ifNull": ["$holder", ""]}, "regex": "^backup:"}},
                {"$ne": ["$holder", self._holder]},
                {"$gt": ["$until", "$$NOW"]},
            ]
        }
        until = {"$add": ["$$NOW", HOLD_SECONDS * 1000]}
        return {
            "holder": {"$cond": [other, "$holder", self._holder]},
            "until": {"$cond": [other, "$until", until]},
        }

    async def check(self) -> None:
        """Raise unless every lease was ours from the beginning until now."""
        mine = {"_id": "relay", "holder": self._holder, "$expr": {"$gt": ["$until", "$$NOW"]}}
        for name in self._services:
            if not await self._leases(name).find_one(mine):
                raise Wrong(
                    f"Publishing of {name} could not be held: MongoDB or Kafka took longer than"
                    f" {HOLD_SECONDS} s to answer. Try again."
                )

    async def give_back(self) -> None:
        for name in self._services:
            await self._leases(name).delete_one({"_id": "relay", "holder": self._holder})

    def _leases(self, service: str) -> Any:
        return self._client[service][LEASES]


@asynccontextmanager
async def publishing_held(client: Mongo, services: list[str]) -> AsyncGenerator[Fence]:
    """Nothing leaves the outboxes inside; `check` at the end says whether that was so."""
    fence = Fence(client, services)
    try:
        if await fence.take():
            tell(f"Publishing is held for {QUIET_SECONDS + 1:.0f} s; commands are answered …")
            await asyncio.sleep(QUIET_SECONDS)
        yield fence
    finally:
        await asyncio.shield(fence.give_back())
