"""One replica at a time: a lease in MongoDB, by the server's clock only."""

import os
import socket
import time
from typing import Any

from pymongo.errors import DuplicateKeyError

LEASE_SECONDS, RENEW_SECONDS, DOUBT_SECONDS = 10, 3, 7


class Lease:
    """Who holds it may do what it is for; nobody else does before it ran out or was given back."""

    def __init__(self, leases: Any, name: str) -> None:
        self._leases = leases
        self._name = name
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{id(self):x}"
        self._renewed = -1e9

    async def held(self) -> bool:
        """Take it, or renew it when it is time to. PyMongoError when MongoDB is away."""
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return True
        asked_at = time.monotonic()
        free = {"$lt": [{"$ifNull": ["$until", 0]}, "$$NOW"]}  # in BSON a number is before any date
        may_take = {"$or": [{"$eq": ["$holder", self._holder]}, free]}
        until = {"$add": ["$$NOW", LEASE_SECONDS * 1000]}
        change = {
            "holder": {"$cond": [may_take, self._holder, "$holder"]},
            "until": {"$cond": [may_take, until, "$until"]},
        }
        try:
            lease = await self._leases.find_one_and_update(
                {"_id": self._name}, [{"$set": change}], upsert=True, return_document=True
            )
        except DuplicateKeyError:  # two asked for the first time
            return False
        if lease["holder"] != self._holder:
            return False
        self._renewed = asked_at
        return True

    @property
    def in_doubt(self) -> bool:
        """Whether it was renewed so long ago that another may soon hold it."""
        return time.monotonic() - self._renewed > DOUBT_SECONDS

    async def give_back(self) -> None:
        """So that another goes on at once."""
        await self._leases.delete_one({"_id": self._name, "holder": self._holder})
