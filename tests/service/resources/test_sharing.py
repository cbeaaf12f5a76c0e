"""R1: links and files, versions, restoring, the recycle bin."""

import hashlib

import pytest

from shared.contracts.resources import (
    ResourceBinned,
    ResourceRecovered,
    ResourceRestored,
    ResourceRevised,
    ResourceShared,
)
from tests.support.service import Service
from tests.unit.resources.little_files import a_pdf, an_office_file

LINK = {"url": "https://example.org/guide", "title": "Guide", "tags": ["Care"]}


async def test_a_member_shares_a_link_and_the_community_can_be_told(region: Service) -> None:
    reply = await region.as_("ann").post("/communities/private/links", json=LINK)
    assert reply.status_code == 201, reply.text
    shared = reply.json()
    assert reply.headers["location"] == f"/resources/{shared['resource_id']}"
    assert (shared["kind"], shared["url"], shared["tags"]) == ("link", LINK["url"], ["care"])
    assert shared["version"] == 1
    assert (await region.as_("bob").get(reply.headers["location"])).json() == shared
    assert await region.published() == [
        ResourceShared(
            resource_id=shared["resource_id"],
            community_id="private",
            kind="link",
            title="Guide",
            shared_by="ann",
            url=LINK["url"],
        )
    ]


async def test_a_link_has_no_content_here(region: Service) -> None:
    ann = region.as_("ann")
    shared = (await ann.post("/communities/open/links", json=LINK)).json()
    reply = await ann.get(f"/resources/{shared['resource_id']}/content")
    assert reply.status_code == 409
    assert reply.json()["type"] == "urn:copse:problem:not-a-file"
    assert reply.json()["url"] == LINK["url"]


async def test_a_file_comes_back_as_it_was_sent(region: Service) -> None:
    ann = region.as_("ann")
    sent = a_pdf("x" * 700_000)  # three chunks of GridFS
    reply = await ann.post(
        "/communities/private/files",
        files={"file": ("Bäume & Co.pdf", sent)},
        data={"title": "Trees", "description": "All of them", "tags": ["Tree", "wood"]},
    )
    assert reply.status_code == 201, reply.text
    shared = reply.json()
    assert shared["sha256"] == hashlib.sha256(sent).hexdigest()
    assert shared["tags"] == ["tree", "wood"]
    assert shared["file"] == {
        "name": "Bäume & Co.pdf",
        "media_type": "application/pdf",
        "size": len(sent),
    }
    got = await region.as_("bob").get(f"/resources/{shared['resource_id']}/content")
    assert got.status_code == 200
    assert got.content == sent
    assert [event.kind for event in await region.published(ResourceShared)] == ["file"]


async def test_restoring_version_1_makes_version_3_with_its_hash(region: Service) -> None:
    ann = region.as_("ann")
    first, second = a_pdf("first"), a_pdf("second")
    reply = await ann.post(
        "/communities/open/files", files={"file": ("a.pdf", first)}, data={"title": "Minutes"}
    )
    here = reply.headers["location"]
    revised = await ann.post(
        f"{here}/versions/file", files={"file": ("b.pdf", second)}, data={"title": "Minutes, new"}
    )
    assert revised.status_code == 201, revised.text
    assert (revised.json()["version"], revised.json()["title"]) == (2, "Minutes, new")
    restored = await ann.post(f"{here}/restoration", json={"version": 1})
    assert restored.status_code == 201, restored.text
    assert restored.json()["version"] == 3
    assert restored.json()["sha256"] == reply.json()["sha256"] == hashlib.sha256(first).hexdigest()

    versions = (await ann.get(f"{here}/versions")).json()["items"]
    assert [(one["version"], one["restored_from"]) for one in versions] == [
        (3, 1),
        (2, None),
        (1, None),
    ]
    for number, content in [(1, first), (2, second), (3, first)]:
        assert (await ann.get(f"{here}/content", params={"version": number})).content == content
    assert (await ann.get(f"{here}/content")).content == first
    assert (await ann.get(f"{here}/content", params={"version": 4})).status_code == 404
    assert [type(event) for event in await region.published()] == [
        ResourceShared,
        ResourceRevised,
        ResourceRestored,
    ]


async def test_a_link_is_revised_and_restored(region: Service) -> None:
    ann = region.as_("ann")
    here = (await ann.post("/communities/open/links", json=LINK)).headers["location"]
    second = await ann.post(f"{here}/versions/link", json={"url": "https://example.org/2"})
    assert (second.json()["version"], second.json()["url"]) == (2, "https://example.org/2")
    third = await region.as_("fay").post(f"{here}/restoration", json={"version": 1})
    assert (third.json()["version"], third.json()["url"]) == (3, LINK["url"])


async def test_what_cannot_be_restored_is_refused_with_the_mend(region: Service) -> None:
    ann = region.as_("ann")
    here = (await ann.post("/communities/open/links", json=LINK)).headers["location"]
    reply = await ann.post(f"{here}/restoration", json={"version": 7})
    assert reply.status_code == 422
    assert reply.json()["errors"] == [{"field": "version", "message": "Name one from 1 to 1."}]
    assert (await ann.post(f"{here}/restoration", json={"version": 1})).status_code == 409


async def test_a_link_takes_no_file(region: Service) -> None:
    ann = region.as_("ann")
    here = (await ann.post("/communities/open/links", json=LINK)).headers["location"]
    reply = await ann.post(f"{here}/versions/file", files={"file": ("a.pdf", a_pdf())})
    assert reply.status_code == 409
    assert reply.json()["type"] == "urn:copse:problem:other-kind"
    assert await region.database["fs.files"].count_documents({}) == 0


async def test_what_is_in_the_bin_is_found_by_nobody_until_it_is_recovered(region: Service) -> None:
    ann, bob, fay = region.as_("ann"), region.as_("bob"), region.as_("fay")
    reply = await ann.post(
        "/communities/open/files",
        files={"file": ("a.docx", an_office_file())},
        data={"title": "Guide"},
    )
    here = reply.headers["location"]
    assert (await ann.delete(here)).status_code == 204
    for who in (ann, bob, fay, region.as_("eve"), region.as_("ola", scopes=("copse:operator",))):
        for path in (here, f"{here}/versions", f"{here}/content"):
            assert (await who.get(path)).status_code == 404
        assert (await who.get("/communities/open/resources")).json()["items"] == []
        assert (await who.get("/search", params={"q": "guide"})).json()["items"] == []
    assert (await ann.delete(here)).status_code == 404
    assert (await ann.post(f"{here}/restoration", json={"version": 1})).status_code == 404

    assert (await bob.get("/communities/open/bin")).status_code == 403
    assert (await bob.post(f"{here}/recovery")).status_code == 404
    [binned] = (await fay.get("/communities/open/bin")).json()["items"]
    assert (binned["resource_id"], binned["binned_by"]) == (reply.json()["resource_id"], "ann")
    recovered = await fay.post(f"{here}/recovery")
    assert (recovered.status_code, recovered.json()) == (200, reply.json())
    assert (await bob.get(here)).status_code == 200
    assert (await bob.get(f"{here}/content")).content == an_office_file()
    assert (await fay.get("/communities/open/bin")).json()["items"] == []
    assert [type(event) for event in await region.published()] == [
        ResourceShared,
        ResourceBinned,
        ResourceRecovered,
    ]


async def test_what_a_facilitator_binned_only_facilitators_recover(region: Service) -> None:
    ann, fay = region.as_("ann"), region.as_("fay")
    here = (await ann.post("/communities/open/links", json=LINK)).headers["location"]
    await fay.delete(here)
    assert (await ann.post(f"{here}/recovery")).status_code == 404
    assert (await fay.post(f"{here}/recovery")).status_code == 200
    await ann.delete(here)
    assert (await ann.post(f"{here}/recovery")).status_code == 200


async def test_another_member_changes_nothing(region: Service) -> None:
    here = (await region.as_("ann").post("/communities/open/links", json=LINK)).headers["location"]
    before = (await region.as_("ann").get(here)).json()
    for method, path, body in (
        ("POST", "/versions/link", {"url": "https://example.org/2"}),
        ("POST", "/restoration", {"version": 1}),
        ("DELETE", "", None),
    ):
        reply = await region.as_("bob").request(method, here + path, json=body)
        assert reply.status_code == 403
        assert reply.json()["type"] == "urn:copse:problem:not-yours"
    assert (await region.as_("ann").get(here)).json() == before
    assert len(await region.published()) == 1


@pytest.mark.parametrize("who", ["eve", "lea"], ids=["stranger", "who has left"])
async def test_only_members_share_with_an_open_community(region: Service, who: str) -> None:
    reply = await region.as_(who).post("/communities/open/links", json=LINK)
    assert reply.status_code == 403
    assert reply.json()["type"] == "urn:copse:problem:members-only"
    reply = await region.as_(who).post(
        "/communities/open/files", files={"file": ("a.pdf", a_pdf())}, data={"title": "x"}
    )
    assert reply.status_code == 403
    assert await region.published() == []
    assert await region.database["uploads"].count_documents({}) == 0


async def test_a_list_goes_on_where_it_was_left_off(region: Service) -> None:
    ann = region.as_("ann")
    for number in range(5):
        await ann.post("/communities/open/links", json={**LINK, "title": f"Guide {number}"})
    titles: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await region.as_("bob").get("/communities/open/resources", params=query)).json()
        titles += [item["title"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert titles == [f"Guide {number}" for number in (4, 3, 2, 1, 0)]


async def test_a_command_sent_twice_shares_once(region: Service) -> None:
    ann = region.as_("ann")
    ann.headers["idempotency-key"] = "k1"
    first = await ann.post("/communities/open/links", json=LINK)
    again = await ann.post("/communities/open/links", json=LINK)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await region.published()) == 1
    other = await ann.post("/communities/open/links", json={**LINK, "title": "Other"})
    assert other.status_code == 422


async def test_who_read_an_older_state_changes_nothing(region: Service) -> None:
    ann = region.as_("ann")
    here = (await ann.post("/communities/open/links", json=LINK)).headers["location"]
    read = (await ann.get(here)).headers["etag"]
    to = {"url": "https://example.org/2"}
    assert (await ann.post(f"{here}/versions/link", json=to)).status_code == 201
    stale = await ann.post(f"{here}/versions/link", json=to, headers={"if-match": read})
    assert stale.status_code == 412
    assert (await ann.get(here, headers={"if-none-match": read})).status_code == 200
    now = (await ann.get(here)).headers["etag"]
    assert (await ann.get(here, headers={"if-none-match": now})).status_code == 304
