"""Who asks: somebody in each role of the matrix, and what was stored before they asked."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.docs.authorisation import LEVELS
from tests.support.service import Service, token

PEOPLE = {
    "stranger": "stan",
    "requested": "rex",
    "declined": "dan",
    "invited": "ivy",
    "former": "lea",
    "member": "bob",
    "successor": "sue",
    "sharer": "ann",
    "addressee": "ann",
    "co-facilitator": "cof",
    "facilitator": "fay",
}
"""Beside them: Mia is a member, Flo facilitates too, Rob has asked to join, Nia is nothing to anybody."""


@dataclass
class World:
    """A service with a community of every privacy level, and what each holds by its name."""

    service: Service
    ids: dict[str, dict[str, str]] = field(default_factory=lambda: {one: {} for one in LEVELS})
    _kept: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    _digest: dict[str, str] = field(default_factory=dict[str, str])
    _clients: dict[str, httpx2.AsyncClient] = field(default_factory=dict[str, httpx2.AsyncClient])

    def secret(self, level: str) -> str:
        """What only those inside a community may read."""
        return f"secret-of-{level}"

    def person(self, name: str) -> httpx2.AsyncClient:
        return self._clients.setdefault(name, self.service.as_(name))

    def as_role(self, role: str) -> httpx2.AsyncClient:
        """A client of somebody in this role."""
        if role in PEOPLE:
            return self.person(PEOPLE[role])
        service, hour = self.service, timedelta(hours=1)
        past = datetime.now(UTC) - hour
        make = {
            "anonymous": service.client,
            "expired": lambda: service.client(f"Bearer {token('bob', exp=past, iat=past - hour)}"),
            "foreign": lambda: service.client(f"Bearer {token('bob', key=_another_key())}"),
            "machine": lambda: service.as_("reports", scopes=("reports:read", "copse:reports")),
            "operator": lambda: service.as_("olga", scopes=("copse:operator",)),
        }
        if role not in self._clients:
            self._clients[role] = make[role]()
        return self._clients[role]

    async def keep(self) -> None:
        """What is stored now is what every question finds."""
        for name in await self.service.database.raw.list_collection_names():
            self._kept[name] = await self.service.database[name].find({}).to_list(None)
        self._digest = await self._digests()

    async def is_untouched(self) -> bool:
        """Whether all is stored as it was; where it is not, it is again afterwards."""
        after = await self._digests()
        for name in {*after, *self._digest}:
            if after.get(name) != self._digest.get(name):
                await self.service.database[name].delete_many({})
                if kept := self._kept.get(name):
                    await self.service.database[name].insert_many(kept)
        return after == self._digest

    async def _digests(self) -> dict[str, str]:
        found = await self.service.database.raw.command("dbHash")
        empty = "d41d8cd98f00b204e9800998ecf8427e"
        return {name: one for name, one in found["collections"].items() if one != empty}


def _another_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())
