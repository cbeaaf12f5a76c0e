"""Scheduling, with a rhythm, a meeting and calendars in a community of every privacy level."""

import httpx2

from deploy.docs.authorisation import LEVELS
from tests.authorisation.people import World
from tests.authorisation.worlds.facts import a_community, done, lea_leaves


async def build(world: World) -> None:
    fay, feeds = world.person("fay"), dict[str, str]()
    for name, called in {"bob": "changed feed", "lea": "former member's feed"}.items():
        feeds[called] = await _feed(world, name)
    feeds["member's feed"] = await _feed(world, "bob")
    for level in LEVELS:
        path = f"/communities/{await a_community(world, level, 'bob', 'mia', 'lea')}"
        secret = {"join_url": f"https://meet.example.org/{world.secret(level)}"}
        rhythm = {"frequency": "weekly", "weekdays": ["TU"], "local_time": "14:00", **secret}
        await done(fay.put(f"{path}/rhythm", json=rhythm))
        wish = {"starts_at": "2027-02-01T14:00:00Z", **secret}
        meeting = (await done(fay.post(f"{path}/meetings", json=wish))).headers["location"]
        await done(world.person("mia").put(f"{meeting}/rsvp", json={"status": "accepted"}))
        token = _token(await done(fay.get(f"{path}/feed")))
        world.ids[level] |= feeds
        world.ids[level] |= {"meeting_id": meeting.removeprefix("/meetings/"), "mia": "mia"}
        world.ids[level] |= {"meeting": world.ids[level]["meeting_id"], "community feed": token}
        await lea_leaves(world, level)


async def _feed(world: World, name: str) -> str:
    return _token(await done(world.person(name).post("/people/me/feed")))


def _token(reply: httpx2.Response) -> str:
    return reply.json()["url"].rpartition("/")[2].removesuffix(".ics")
