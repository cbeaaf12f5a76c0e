"""Composed: each container crashes once while people join and answer; its restart policy brings it back, nothing is lost."""

import asyncio
import json
import sys
import time
import uuid
from collections import Counter
from contextlib import suppress
from typing import Any

import httpx2
import pytest

from tests.kernel.world import until
from tests.support.compose import SERVICES, Container
from tests.support.parts import COMPOSE, chosen
from tests.system.region import NOW, Region, Somebody

pytestmark = pytest.mark.skipif(chosen() != COMPOSE, reason="asks for COPSE_TEST_PARTS=compose")
CONTAINERS = (*SERVICES, "kafka", "mongo", "mailpit")
TOPICS = ("membership.communities", "scheduling.meetings")
MAILS_AT_ONCE = 4  # connections to the mail server, each with one mail under way
SECONDS = 600  # at most, until everything flows again: a machine that does much else takes long
WISH = {"title": "Will it hold?", "starts_at": "2027-03-02T10:00:00Z", "minutes": 60}


class Story:
    """People who join and say that they will come, each insisting until the answer is known."""

    def __init__(self, region: Region, community_id: str, meeting_id: str) -> None:
        self.region = region
        self.members = f"/communities/{community_id}/members"
        self.rsvp = f"/meetings/{meeting_id}/rsvp"
        self.told: list[Somebody] = []
        """Who was told that they are a member and that they have a seat."""
        self.mails: dict[str, dict[str, str]] = {}
        """By address: every mail that was ever seen in the mailbox, by its id there."""
        self.unknown: set[str] = set()
        """Who may have been told by mail, or not."""
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, tellers: int = 3) -> None:
        """Tell, unless it is being told."""
        if self._tasks and not self._stop.is_set():
            return
        self._stop.clear()
        self._tasks = [asyncio.create_task(self._tell()) for _ in range(tellers)]

    async def pause(self) -> None:
        """Everybody comes to the end of their story."""
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def _tell(self) -> None:
        while not self._stop.is_set():
            await self.one()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 1.5)

    async def one(self) -> Somebody:
        person = self.region.person("crowd")
        await insist(person, "POST", "membership", self.members, {})
        await insist(person, "PUT", "scheduling", self.rsvp, {"status": "accepted"})
        self.told.append(person)
        return person

    async def many(self, people: int) -> bool:
        return len(self.told) >= people

    async def look(self) -> None:
        """Remember the mails; a mailbox that crashes may forget."""
        for person in self.told:
            for mail in await mailbox(self.region, person.address):
                self.mails.setdefault(person.address, {})[mail["ID"]] = mail["Subject"]

    def welcomes(self, person: Somebody) -> int:
        subjects = self.mails.get(person.address, {}).values()
        return sum("Welcome to" in subject for subject in subjects)

    async def all_heard(self) -> bool:
        """A mail that was under way when its sender crashed is shown as unknown, and never sent again."""
        await self.look()
        path = "/deliveries?state=delivery-unknown&limit=100"
        shown = await self.region.operator.does("GET", "notifications", path)
        self.unknown = {one["person_id"] for one in shown["items"]}
        return all(self.welcomes(one) or one.person_id in self.unknown for one in self.told)


async def insist(who: Somebody, method: str, service: str, path: str, body: Any) -> None:
    """Ask until there is an answer that counts; with the same key it takes effect once."""
    headers = {"idempotency-key": str(uuid.uuid4())} if method == "POST" else {}
    async with asyncio.timeout(SECONDS):
        while True:
            with suppress(httpx2.TransportError):
                reply = await who.ask(method, service, path, json=body, headers=headers)
                if reply.status_code < 300:
                    return
                # 403, 404: the service has not heard of the member yet
                assert reply.status_code in (403, 404, 409, 500, 503), reply.text
            await asyncio.sleep(0.3)


async def mailbox(region: Region, address: str) -> list[dict[str, Any]]:
    query = {"query": f"to:{address}", "limit": 50}
    found = await region.http.get(f"{region.mailbox}/api/v1/search", params=query)
    return found.json()["messages"]


async def begun(region: Region) -> Story:
    await region.now(NOW)
    ann = region.person("ann")
    community_id = await region.community(ann)
    path = f"/communities/{community_id}/meetings"
    meeting = await ann.does("POST", "scheduling", path, json=WISH)
    return Story(region, community_id, meeting["meeting_id"])


async def crashes(name: str, story: Story) -> tuple[float, float]:
    """Seconds until Docker says it is healthy again, and until a newcomer's story is told to its end."""
    container = Container(name)
    before = await asyncio.to_thread(container.restarts)
    await asyncio.to_thread(container.crash)
    began = time.monotonic()
    story.begin()

    async def back() -> bool:
        if await asyncio.to_thread(container.restarts) == before:
            return False
        return await asyncio.to_thread(container.healthy)

    async def welcomed() -> float:
        await region_clock(story.region)
        newcomer = await story.one()

        async def mail() -> bool:
            with suppress(httpx2.TransportError):
                return bool(await mailbox(story.region, newcomer.address))
            return False

        await until(mail, seconds=SECONDS, every=0.3)
        return time.monotonic() - began

    flowing = asyncio.create_task(welcomed())
    try:
        await until(back, seconds=SECONDS, every=0.5)
        healthy = time.monotonic() - began
        return healthy, await flowing
    finally:
        flowing.cancel()


async def region_clock(region: Region) -> None:
    """A service that begins anew has forgotten the tests' clock."""
    for url in region.urls.values():
        async with asyncio.timeout(SECONDS):
            while True:
                with suppress(httpx2.TransportError):
                    told = await region.http.post(f"{url}/_clock", json={"now": NOW})
                    if told.status_code < 300:
                        break
                await asyncio.sleep(0.3)


@pytest.mark.timeout(1800)
async def test_every_container_crashes_once_and_nothing_is_lost_or_told_twice(
    region: Region,
) -> None:
    story = await begun(region)
    story.begin()
    await until(lambda: story.many(5))
    for name in CONTAINERS:
        if name == "mailpit":  # what it took is counted first, in case it forgets
            await story.pause()
            await until(story.all_heard, seconds=SECONDS, every=1)
        healthy, flows = await crashes(name, story)
        sys.stderr.write(f"{name}: healthy after {healthy:.0f} s, all flows after {flows:.0f} s\n")
    await story.pause()

    await until(story.all_heard, seconds=SECONDS, every=1)
    assert [one.address for one in story.told if story.welcomes(one) > 1] == []

    everybody = Counter(one.person_id for one in story.told)
    assert await told_of(region, TOPICS[0], "MemberJoined", everybody) == everybody
    assert await told_of(region, TOPICS[1], "SeatTaken", everybody) == everybody
    for service in SERVICES:
        aside = await region.operator.does("GET", service, "/dead-letters?limit=100")
        ours = [one for one in aside["items"] if one["topic"] in TOPICS]
        assert ours == []
    unknown = [one for one in story.told if one.person_id in story.unknown]
    # Under way when the sender, its memory or the mail server crashed.
    assert len(unknown) <= 3 * MAILS_AT_ONCE
    sys.stderr.write(f"{len(story.told)} people, 0 lost, 0 doubled, {len(unknown)} mails unknown\n")


async def told_of(region: Region, topic: str, event: str, who: Counter[str]) -> Counter[str]:
    """How many events of this kind there are of each; a record that came twice has one id."""
    found: dict[str, str] = {}
    for record in await region.records(topic):
        said = json.loads(record.value)
        if said["type"].split(".")[-2] == event and said["data"]["person_id"] in who:
            found[said["id"]] = said["data"]["person_id"]
    return Counter(found.values())
