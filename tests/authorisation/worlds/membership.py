"""Membership, with a community of every privacy level and people in every role."""

from pathlib import Path

import yaml

from deploy.docs.authorisation import LEVELS
from tests.authorisation.people import World
from tests.authorisation.worlds.facts import done

LETS_IN = {"open": "open", "restricted": "request", "private": "request", "confidential": "invite"}
TYPE = Path(__file__).parents[3] / "deploy/region/types/group-leads.yaml"


async def build(world: World) -> None:
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
