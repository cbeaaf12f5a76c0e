"""A region with the community types of its files, and words to speak of it."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests.support.service import Service

TYPES = Path(__file__).parents[3] / "deploy/region/types"


class Region:
    """A service with people in it; each is called by their first name."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.operator = service.as_("olga", scopes=("copse:operator",))
        self._known: dict[str, httpx2.AsyncClient] = {}

    def __getattr__(self, name: str) -> httpx2.AsyncClient:
        return self._known.setdefault(name, self.service.as_(name))

    async def define(self, type_id: str, /, **fields: Any) -> httpx2.Response:
        """An operator defines a type, by its file or by the least there can be."""
        least = {"name": "Leads", "purpose": "Learn", "charter": "Be kind", "agreement": "Agree"}
        file = TYPES / f"{type_id}.yaml"
        usual = yaml.safe_load(file.read_text()) if file.exists() else least
        return await self.operator.put(f"/community-types/{type_id}", json=usual | fields)

    async def community(self, by: str = "fay", **wishes: Any) -> str:
        """Somebody starts a community; the path of it."""
        await self.define("group-leads")
        usual = {"community_type": "group-leads", "name": "Leads in Leeds", "places": ["Leeds"]}
        reply = await getattr(self, by).post("/communities", json=usual | wishes)
        assert reply.status_code == 201, reply.text
        return reply.headers["location"]

    async def joins(self, path: str, *names: str) -> None:
        """People belong to a community, whatever its policy: they are invited and join."""
        for name in names:
            await getattr(self, name).put("/people/me")
            reply = await self.fay.post(f"{path}/invitations", json={"person_id": name})
            assert reply.status_code == 201, reply.text
            reply = await getattr(self, name).post(f"{path}/members")
            assert reply.status_code == 201, reply.text

    async def untouched(self) -> "Untouched":
        """What is stored and published now, to be compared with what is later."""
        found = Untouched(self)
        await found.look()
        return found


class Untouched:
    def __init__(self, region: Region) -> None:
        self._database = region.service.database
        self._before: dict[str, list[Any]] = {}

    async def _now(self) -> dict[str, list[Any]]:
        names = (
            "communities",
            "standings",
            "people",
            "community_types",
            "outbox",
            "idempotency_keys",
        )
        return {name: await self._database[name].find({}).to_list(None) for name in names}

    async def look(self) -> None:
        self._before = await self._now()

    async def still(self) -> bool:
        return await self._now() == self._before


@pytest.fixture
def region(service: Service) -> Region:
    return Region(service)
