"""Communities with people in them, on a Monday in January, and words for what they do."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from shared.contracts.membership import (
    CommunityRedefined,
    CommunityStarted,
    MemberJoined,
    MemberLeft,
    Privacy,
    Role,
    RoleGiven,
)
from shared.events.event import Event
from tests.support.service import Service

MONDAY = datetime(2027, 1, 4, 9, tzinfo=UTC)
SECOND_TUESDAYS = {
    "frequency": "monthly",
    "weekdays": ["TU"],
    "nth": 2,
    "local_time": "14:00",
    "zone": "Europe/London",
    "minutes": 60,
    "format": "online",
    "join_url": "https://meet.example.org/leaders",
}


class Region:
    """A service and the people who use it; each is called by their name."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._known: dict[str, httpx2.AsyncClient] = {}

    def __getattr__(self, name: str) -> httpx2.AsyncClient:
        return self._known.setdefault(name, self.service.as_(name))

    async def starts(
        self, community_id: str, privacy: Privacy = "open", name: str = "Leaders"
    ) -> None:
        """Fay starts a community."""
        said = self.described(community_id, privacy, name)
        await self.service.happens(
            CommunityStarted(**said, started_by="fay"),
            MemberJoined(community_id=community_id, person_id="fay", role="facilitator"),
        )

    def described(
        self, community_id: str, privacy: Privacy, name: str = "Leaders"
    ) -> dict[str, Any]:
        return {
            "community_id": community_id,
            "community_type": "group-leads",
            "name": name,
            "purpose": "",
            "places": ("Leeds",),
            "format": "online",
            "privacy": privacy,
            "join_policy": "open" if privacy == "open" else "invite",
        }

    async def redefines(self, community_id: str, privacy: Privacy) -> None:
        await self.service.happens(CommunityRedefined(**self.described(community_id, privacy)))

    async def join(self, *people: str, community_id: str = "c1") -> None:
        for person_id in people:
            await self.service.happens(MemberJoined(community_id=community_id, person_id=person_id))

    async def leaves(self, person_id: str, community_id: str = "c1") -> None:
        await self.service.happens(MemberLeft(community_id=community_id, person_id=person_id))

    async def gets_role(self, person_id: str, role: Role, community_id: str = "c1") -> None:
        await self.service.happens(
            RoleGiven(community_id=community_id, person_id=person_id, role=role)
        )

    async def rhythm(self, community_id: str = "c1", **said: Any) -> dict[str, Any]:
        """Fay chooses a rhythm, by default each second Tuesday."""
        reply = await self.fay.put(
            f"/communities/{community_id}/rhythm", json=SECOND_TUESDAYS | said
        )
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def meeting(self, community_id: str = "c1", **said: Any) -> str:
        """Fay schedules a single meeting; the path of it."""
        usual = {"starts_at": "2027-02-01T14:00:00Z"}
        reply = await self.fay.post(f"/communities/{community_id}/meetings", json=usual | said)
        assert reply.status_code == 201, reply.text
        return reply.headers["location"]

    async def meetings(
        self, community_id: str = "c1", by: str = "fay", **query: Any
    ) -> list[dict[str, Any]]:
        reply = await getattr(self, by).get(f"/communities/{community_id}/meetings", params=query)
        assert reply.status_code == 200, reply.text
        return reply.json()["items"]

    async def answers(self, person_id: str, path: str, status: str = "accepted") -> dict[str, Any]:
        reply = await getattr(self, person_id).put(f"{path}/rsvp", json={"status": status})
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def told(self, *kinds: type[Event]) -> list[Any]:
        return await self.service.published(*kinds)

    async def told_since(self, before: Sequence[Event]) -> list[Any]:
        """What was published after `before` was all there was."""
        return [event for event in await self.service.published() if event not in before]

    async def stored(self) -> dict[str, list[Any]]:
        """All that is kept and published, to be compared with what is later."""
        names = ("schedules", "meetings", "feeds", "memberships", "outbox", "idempotency_keys")
        found = self.service.database
        return {name: await found[name].find({}).sort("_id", 1).to_list(None) for name in names}

    async def at(self, moment: datetime) -> None:
        """Time passes, and chores have their turn."""
        self.service.clock(moment)
        await self.service.tick()


@pytest.fixture
async def region(service: Service) -> Region:
    """It is Monday, 4 January 2027. Fay facilitates `c1`; Ann, Bob and Cem belong to it."""
    service.clock(MONDAY)
    found = Region(service)
    await found.starts("c1")
    await found.join("ann", "bob", "cem")
    return found
