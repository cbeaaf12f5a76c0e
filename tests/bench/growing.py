"""Services with data that grows, and what is asked of them. Every document is a copy of one the service wrote."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shared.contracts.membership import MemberJoined, PersonRegistered
from shared.contracts.notifications import NotificationRequested
from shared.types.clock import now
from tests.bench.world import Bench
from tests.support.service import Service, a_service, started

Fill = Callable[[int], Awaitable[None]]
Asks = dict[str, tuple[Any, str]]
"""What a row is called, who asks, and for what."""


@asynccontextmanager
async def _one(bench: Bench, name: str) -> AsyncIterator[Service]:
    with TemporaryDirectory() as folder:
        async with a_service(name, bench.parts.mongo, Path(folder)) as service:
            yield service


class Copies:
    """More of a document that the service itself wrote: 1, 10, 100 times as many as `least`."""

    def __init__(self, service: Service, collection: str, least: int, change: Any) -> None:
        self._kept = service.database[collection]
        self._least, self._change, self._made = least, change, 0
        self._first: dict[str, Any] = {}

    async def grow(self, times: int) -> None:
        self._first = self._first or await self._kept.find_one({})
        wanted = range(self._made, self._least * times)
        documents = [{**self._first, **self._change(n)} for n in wanted]
        for at in range(0, len(documents), 1000):
            await self._kept.insert_many(documents[at : at + 1000], ordered=False)
        self._made = self._least * times


def _all(*copies: Copies) -> Fill:
    async def fill(times: int) -> None:
        for one in copies:
            await one.grow(times)

    return fill


@asynccontextmanager
async def membership(bench: Bench) -> AsyncIterator[tuple[Fill, Asks]]:
    async with _one(bench, "membership") as service:
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

        fill = _all(
            Copies(service, "communities", 60, community),
            Copies(service, "people", 100, person),
            Copies(service, "standings", 60, seat(mine)),
            Copies(service, "standings", 100, seat("z000001")),
        )
        yield fill, {"communities": (fay, "/communities"), "members": (fay, f"{path}/members")}


@asynccontextmanager
async def scheduling(bench: Bench) -> AsyncIterator[tuple[Fill, Asks]]:
    async with _one(bench, "scheduling") as service:
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
        fill = _all(
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


@asynccontextmanager
async def notifications(bench: Bench) -> AsyncIterator[tuple[Fill, Asks]]:
    async with _one(bench, "notifications") as service:
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

        fill = _all(
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


@asynccontextmanager
async def resources(bench: Bench) -> AsyncIterator[tuple[Fill, Asks]]:
    async with _one(bench, "resources") as service:
        await service.happens(started(), MemberJoined(community_id="c1", person_id="fay"))
        other = started("c2")
        await service.happens(other, MemberJoined(community_id="c2", person_id="fay"))
        fay = service.as_("fay")
        link = {"url": "https://example.org/a", "title": "Ten ways to open a meeting"}
        reply = await fay.post("/communities/c1/links", json=link)
        assert reply.status_code == 201, reply.text

        def shared(where: str) -> Callable[[int], dict[str, Any]]:
            def change(n: int) -> dict[str, Any]:
                id = f"{where}-{n:06}"
                about = {
                    "title": f"Openings, word{n % 10}, part {n}",
                    "description": "",
                    "tags": [],
                }
                return {"_id": id, "resource_id": id, "community_id": where, "about": about}

            return change

        fill = _all(
            Copies(service, "resources", 50, shared("c1")),
            Copies(service, "resources", 50, shared("c2")),
        )
        yield fill, {"shared": (fay, "/communities/c1/resources")}
