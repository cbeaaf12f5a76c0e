"""The four services, each with a community of every privacy level and people in every role."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import yaml

from deploy.docs.authorisation import LEVELS
from services.notifications.delivery.store import subscribed
from shared.contracts.membership import (
    MemberJoined,
    MemberLeft,
    PersonRegistered,
)
from shared.contracts.scheduling import MeetingAnnounced
from tests.authorisation.people import World
from tests.support.service import started
from tests.unit.resources.little_files import a_pdf

MONDAY = datetime(2027, 1, 4, 9, tzinfo=UTC)
SOON = datetime(2030, 4, 9, 13, tzinfo=UTC)
LETS_IN = {"open": "open", "restricted": "request", "private": "request", "confidential": "invite"}
TYPE = Path(__file__).parents[2] / "deploy/region/types/group-leads.yaml"


async def membership(world: World) -> None:
    for name in [
        "stan",
        "rex",
        "rob",
        "dan",
        "ivy",
        "lea",
        "bob",
        "mia",
        "sue",
        "cof",
        "flo",
        "fay",
        "nia",
    ]:
        await done(world.person(name).put("/people/me"))
    said = yaml.safe_load(TYPE.read_text())
    await done(world.as_role("operator").put("/community-types/group-leads", json=said))
    for level in LEVELS:
        world.ids[level]["community_id"] = await _community(world, level, handover=True)
        world.ids[level]["calm"] = await _community(world, level, handover=False)


async def _community(world: World, level: str, *, handover: bool) -> str:
    """Requests come while they may; then the community closes up as far as it will."""
    fay = world.person("fay")
    wish = {"community_type": "group-leads", "name": "Leads", "places": ["Leeds"]}
    wish |= {"privacy": "restricted", "join_policy": "request"}
    path = (await done(fay.post("/communities", json=wish))).headers["location"]
    for name in ["lea", "bob", "mia", "sue", "cof", "flo", "ivy"]:
        await done(fay.post(f"{path}/invitations", json={"person_id": name}))
        if name != "ivy":
            await done(world.person(name).post(f"{path}/members"))
    for name in ["rex", "rob", "dan"]:
        await done(world.person(name).post(f"{path}/members"))
    no = {"decision": "decline", "reason": "Not yet."}
    await done(fay.put(f"{path}/requests/dan", json=no))
    await done(world.person("lea").delete(f"{path}/members/me"))
    await done(fay.put(f"{path}/members/cof/role", json={"role": "co-facilitator"}))
    await done(fay.put(f"{path}/members/flo/role", json={"role": "facilitator"}))
    if handover:
        await done(fay.post(f"{path}/handover", json={"to": "sue"}))
    closed = {"privacy": level, "join_policy": LETS_IN[level], "charter": world.secret(level)}
    await done(fay.patch(path, json=closed))
    return path.removeprefix("/communities/")


async def _facts(world: World, level: Any, *members: str) -> str:
    """A community and its members, as membership tells of them."""
    community_id = f"the-{level}"
    world.ids[level]["community_id"] = community_id
    roles: dict[str, Any] = {"fay": "facilitator", "cof": "co-facilitator"}
    joined = [
        MemberJoined(community_id=community_id, person_id=name, role=roles.get(name, "member"))
        for name in ("fay", "cof", *members)
    ]
    await world.service.happens(started(community_id, level, purpose=world.secret(level)), *joined)
    return community_id


async def scheduling(world: World) -> None:
    fay, feeds = world.person("fay"), dict[str, str]()
    for name, called in {"bob": "changed feed", "lea": "former member's feed"}.items():
        feeds[called] = await _feed(world, name)
    feeds["member's feed"] = await _feed(world, "bob")
    for level in LEVELS:
        path = f"/communities/{await _facts(world, level, 'bob', 'mia', 'lea')}"
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
        await _leaves(world, level)


async def _leaves(world: World, level: str) -> None:
    community_id = world.ids[level]["community_id"]
    await world.service.happens(MemberLeft(community_id=community_id, person_id="lea"))


async def _feed(world: World, name: str) -> str:
    return _token(await done(world.person(name).post("/people/me/feed")))


def _token(reply: httpx2.Response) -> str:
    return reply.json()["url"].rpartition("/")[2].removesuffix(".ics")


async def resources(world: World) -> None:
    for level in LEVELS:
        path = f"/communities/{await _facts(world, level, 'bob', 'ann', 'lea')}"
        kept = world.ids[level]

        async def shares(name: str, *, level: str = level, path: str = path) -> str:
            link = {"url": "https://example.org/", "title": f"Guide, {world.secret(level)}"}
            return (await done(world.person(name).post(f"{path}/links", json=link))).json()[
                "resource_id"
            ]

        upload = {"file": ("guide.pdf", a_pdf(world.secret(level)))}
        title = {"title": f"Guide, {world.secret(level)}"}
        ann = world.person("ann")
        reply = await done(ann.post(f"{path}/files", files=upload, data=title))
        kept["file"] = kept["resource_id"] = reply.json()["resource_id"]
        newer = {"file": ("guide.pdf", a_pdf("newer"))}
        await done(ann.post(f"/resources/{kept['file']}/versions/file", files=newer))
        kept["link"], kept["former member's link"] = await shares("ann"), await shares("lea")
        for called, by in {
            "binned": "ann",
            "binned by a facilitator": "fay",
            "binned by the former member": "lea",
        }.items():
            kept[called] = await shares("lea" if by == "lea" else "ann")
            await done(world.person(by).delete(f"/resources/{kept[called]}"))
        await _leaves(world, level)


async def notifications(world: World) -> None:
    service, database = world.service, world.service.database
    for name in ("fay", "cof", "bob", "ann", "lea"):
        address = f"{name}@example.org"
        who = PersonRegistered(person_id=name, name=name, email=address, registered_at=MONDAY)
        await service.happens(who)
    for level in LEVELS:
        community_id = await _facts(world, level, "bob", "ann", "lea")
        await _leaves(world, level)
        await service.happens(
            MeetingAnnounced(
                meeting_id=f"meeting-{level}",
                community_id=community_id,
                uid=f"meeting-{level}@copse",
                revision=0,
                title=world.secret(level),
                starts_at=SOON,
                ends_at=SOON + timedelta(hours=1),
                zone="Europe/London",
                format="online",
                join_url=f"https://meet.example.org/{world.secret(level)}",
            )
        )
        await service.does("tell")
        for person_id, called in {"ann": "message", "bob": "member's message"}.items():
            which = {"person_id": person_id, "meeting_id": f"meeting-{level}"}
            unknown = {"$set": {"state": "delivery-unknown"}}
            found = await database["notifications"].find_one_and_update(which, unknown)
            assert found, f"{person_id} was not told of the {level} meeting"
            world.ids[level][called] = found["_id"]
        kind = ("ann", "meetings", community_id)
        mine = await subscribed(database, [kind])
        world.ids[level]["token"] = mine[kind].token


async def done(asked: Any) -> httpx2.Response:
    reply: httpx2.Response = await asked
    assert reply.status_code < 300, reply.text
    return reply


BUILT = {
    "membership": membership,
    "scheduling": scheduling,
    "notifications": notifications,
    "resources": resources,
}
