"""What is shared reaches the community and nobody else."""

from tests.system.region import Region, fresh


async def test_a_file_and_a_link_reach_the_members_and_strangers_find_nothing(
    region: Region,
) -> None:
    ann, bob, stranger = region.person("ann"), region.person("bob"), region.person("stranger")
    community_id = await region.community(ann, privacy="private", join_policy="invite")
    await bob.does("PUT", "membership", "/people/me", json={})
    await ann.does(
        "POST",
        "membership",
        f"/communities/{community_id}/invitations",
        json={"person_id": bob.person_id},
    )
    await region.joins(bob, community_id)
    word = fresh("grounding")
    path = f"/communities/{community_id}"
    link = await ann.does(
        "POST",
        "resources",
        f"{path}/links",
        json={"url": "https://example.org/g", "title": f"About {word}"},
    )
    content = b"# Grounding\n\nFive things you can see.\n"
    file = await ann.does(
        "POST",
        "resources",
        f"{path}/files",
        files={"file": ("grounding.md", content, "text/markdown")},
        data={"title": f"Exercises in {word}"},
    )
    await bob.gets(f"About {word}")
    await bob.gets(f"Exercises in {word}")
    assert await ann.mails(word) == []

    found = await bob.does("GET", "resources", "/search", params={"q": word})
    assert {one["resource_id"] for one in found["items"]} == {
        link["resource_id"],
        file["resource_id"],
    }
    nothing = await stranger.ask("GET", "resources", "/search", params={"q": word})
    assert nothing.json()["items"] == []
    for resource in (link, file):
        reply = await stranger.ask("GET", "resources", f"/resources/{resource['resource_id']}")
        assert reply.status_code == 404
    loaded = await bob.ask("GET", "resources", f"/resources/{file['resource_id']}/content")
    assert loaded.content == content
    assert loaded.headers["content-disposition"].startswith("attachment")


async def test_a_renamed_executable_is_refused_and_nobody_hears_of_it(region: Region) -> None:
    ann = region.person("ann")
    community_id = await region.community(ann)
    executable = b"MZ" + bytes(200) + b"This program cannot be run in DOS mode"
    reply = await ann.ask(
        "POST",
        "resources",
        f"/communities/{community_id}/files",
        files={"file": ("guide.pdf", executable, "application/pdf")},
        data={"title": "A guide"},
    )
    assert reply.status_code == 422
    listed = await ann.does("GET", "resources", f"/communities/{community_id}/resources")
    assert listed["items"] == []
