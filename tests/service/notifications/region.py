"""Words to say what happens, and what people are told of it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from shared.contracts.membership import (
    CommunityStarted,
    MemberJoined,
    MemberLeft,
    PersonRegistered,
)
from shared.contracts.notifications import NotificationRequested
from shared.contracts.scheduling import (
    MeetingAnnounced,
    MeetingCancelled,
    MeetingMoved,
    RhythmChosen,
)
from shared.events.cloudevents import STRUCTURED
from shared.events.event import Event
from shared.types.clock import now
from tests.service.notifications.post import Mail, Post
from tests.support.service import Service

START = datetime(2030, 4, 9, 13, tzinfo=UTC)
ABOUT = {"community_id": "leads", "person_id": "zoe"}


def registered(person: str, **fields: Any) -> PersonRegistered:
    usual = {"name": person.title(), "email": f"{person}@example.org", "registered_at": START}
    return PersonRegistered(person_id=person, **(usual | fields))


def started(community: str = "leads", **fields: Any) -> CommunityStarted:
    usual = {
        "community_type": "group-leads",
        "name": "Leads in Leeds",
        "purpose": "Learn from each other.",
        "places": ("Leeds",),
        "format": "online",
        "privacy": "open",
        "join_policy": "open",
        "charter": "Be kind.",
        "started_by": "fay",
    }
    return CommunityStarted(community_id=community, **(usual | fields))


def joined(person: str, community: str = "leads", role: Any = "member") -> MemberJoined:
    return MemberJoined(community_id=community, person_id=person, role=role)


def left(person: str, community: str = "leads") -> MemberLeft:
    return MemberLeft(community_id=community, person_id=person)


def meeting(meeting_id: str = "m1", revision: int = 0, **fields: Any) -> dict[str, Any]:
    usual = {
        "meeting_id": meeting_id,
        "community_id": "leads",
        "uid": f"{meeting_id}@copse",
        "revision": revision,
        "title": "Practice hour",
        "starts_at": START,
        "ends_at": START + timedelta(hours=1),
        "zone": "Europe/London",
        "format": "online",
        "join_url": "https://meet.example/abc",
    }
    return usual | fields


def announced(*about: Any, **fields: Any) -> MeetingAnnounced:
    return MeetingAnnounced(**meeting(*about, **fields))


def moved(*about: Any, **fields: Any) -> MeetingMoved:
    return MeetingMoved(**meeting(*about, **fields))


def cancelled(*about: Any, reason: str = "Snow", **fields: Any) -> MeetingCancelled:
    return MeetingCancelled(**meeting(*about, **fields, status="cancelled"), reason=reason)


def rhythm(community: str = "leads") -> RhythmChosen:
    return RhythmChosen(
        community_id=community,
        frequency="monthly",
        interval=1,
        weekdays=("TU",),
        nth=2,
        local_time="14:00",  # type: ignore[arg-type]
        zone="Europe/London",
        minutes=60,
        format="online",
        description="every month on the second Tuesday, 14:00 Europe/London",
        feed_url="https://copse.example/feeds/abc.ics",
        chosen_by="fay",
    )


def wish(request_id: str = "r1", **fields: Any) -> NotificationRequested:
    usual = {"audience": {"people": ["ann"]}, "subject": "Hello", "text": "News."}
    return NotificationRequested.model_validate({"request_id": request_id} | usual | fields)


class Region:
    """A service, its mail server, and the people."""

    def __init__(self, service: Service, post: Post) -> None:
        self.service, self.post = service, post
        self.operator = service.as_("olga", scopes=("copse:operator",))

    def __getattr__(self, name: str) -> httpx2.AsyncClient:
        client = self.__dict__[name] = self.service.as_(name)
        return client

    async def community_of(self, *people: str, **fields: Any) -> None:
        """Fay facilitates a community of these people, and all the welcome mails have come."""
        everybody = ("fay", *people)
        await self.service.happens(*map(registered, everybody), started(**fields))
        await self.service.happens(joined("fay", role="facilitator"), *map(joined, people))
        await self.told()
        self.post.mails.clear()

    async def happens(self, *events: Event, at: datetime | None = None) -> list[Mail]:
        """Facts arrive one after the other; every mail that came of them."""
        for event in events:
            await self.service.happens(event, at=at)
        return await self.told()

    async def told(self) -> list[Mail]:
        """Everybody has been told what there was to tell; every mail there is."""
        notifications = self.service.database["notifications"]
        for _ in range(10):
            await self.service.tick()
            soon = {"state": "queued", "next_at": {"$lte": now() + timedelta(seconds=1)}}
            if not await notifications.find_one(soon):
                break
            await asyncio.sleep(0.15)  # what waits for another fact looks again in a moment
        return self.post.mails

    async def states(self) -> list[str]:
        found = self.service.database["notifications"].find({}).sort("at", 1)
        return [one["state"] async for one in found]


def subjects(region: Region, person: str) -> list[str]:
    return [mail["Subject"] for mail in region.post.to(person)]


async def arrives(
    region: Region, event: dict[str, Any], topic: str = "notifications.requests"
) -> None:
    headers = [("content-type", STRUCTURED.encode())]
    await region.service.arrives(topic, b"k", json.dumps(event).encode(), headers)
