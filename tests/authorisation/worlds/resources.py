"""Resources, with what is shared and what is in the bin of a community of every privacy level."""

from deploy.docs.authorisation import LEVELS
from tests.authorisation.people import World
from tests.authorisation.worlds.facts import a_community, done, lea_leaves
from tests.unit.resources.little_files import a_pdf


async def build(world: World) -> None:
    for level in LEVELS:
        path = f"/communities/{await a_community(world, level, 'bob', 'ann', 'lea')}"
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
        await lea_leaves(world, level)
