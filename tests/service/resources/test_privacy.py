"""R4: nobody learns of what they may not see: by list, by search, by id, by trying to change it."""

from typing import Any

import pytest

from shared.contracts.membership import CommunityRedefined, MemberLeft, RoleGiven
from tests.service.resources.conftest import LEVELS, a_community, joins
from tests.support.service import Service
from tests.unit.resources.little_files import a_pdf

ROLES = ["stranger", "member", "facilitator", "operator"]
PEOPLE = {"stranger": "eve", "member": "bob", "facilitator": "fay", "operator": "ola"}


def a_client(region: Service, role: str) -> Any:
    scopes = ("copse:operator",) if role == "operator" else ()
    return region.as_(PEOPLE[role], scopes=scopes)


async def something_of_each(region: Service) -> dict[str, str]:
    """A file in every community, Ann's; id → privacy level."""
    ann, ids = region.as_("ann"), dict[str, str]()
    for privacy in LEVELS:
        reply = await ann.post(
            f"/communities/{privacy}/files",
            files={"file": ("a.pdf", a_pdf(privacy))},
            data={"title": f"Guide to bereavement, {privacy}", "tags": ["grief"]},
        )
        assert reply.status_code == 201, reply.text
        ids[reply.json()["resource_id"]] = privacy
    return ids


@pytest.mark.parametrize("role", ROLES)
async def test_lists_and_search_hold_no_forbidden_id(region: Service, role: str) -> None:
    ids = await something_of_each(region)
    allowed = {one for one, level in ids.items() if role != "stranger" or level == "open"}
    them = a_client(region, role)
    found: dict[str, list[str]] = {}
    for privacy in LEVELS:
        reply = await them.get(f"/communities/{privacy}/resources")
        found[f"list {privacy}"] = ids_in(reply)
        assert reply.status_code == (200 if role != "stranger" or privacy == "open" else 404)
        of = {"q": "bereavement", "community": privacy}
        found[f"search {privacy}"] = ids_in(await them.get("/search", params=of))
    for words in (
        "bereavement",
        "grief",
        "guide open private",
        '"Guide to bereavement"',
        "-nothing guide",
    ):
        found[words] = ids_in(await them.get("/search", params={"q": words}))
        assert set(found[words]) == allowed, words
    seen = {one for some in found.values() for one in some}
    assert seen == allowed
    assert len(seen - allowed) == 0


def ids_in(reply: Any) -> list[str]:
    return [item["resource_id"] for item in reply.json().get("items", [])]


@pytest.mark.parametrize("role", ROLES)
async def test_a_forbidden_id_is_answered_as_one_that_is_not_there(
    region: Service, role: str
) -> None:
    ids = await something_of_each(region)
    them, absent = a_client(region, role), "0" * 36
    for one, privacy in ids.items():
        for tail in ("", "/versions", "/content", "/content?version=1", "/content?version=9"):
            reply = await them.get(f"/resources/{one}{tail}")
            if role == "stranger" and privacy != "open":
                nothing = await them.get(f"/resources/{absent}{tail}")
                assert same(reply, one) == same(nothing, absent)
                assert reply.status_code == 404
            else:
                assert reply.status_code == (404 if tail.endswith("9") else 200)


CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/resources/{}/versions/link", {"json": {"url": "https://example.org/"}}),
    ("POST", "/resources/{}/versions/file", {"files": {"file": ("a.pdf", a_pdf())}}),
    ("POST", "/resources/{}/restoration", {"json": {"version": 1}}),
    ("POST", "/resources/{}/recovery", {}),
    ("DELETE", "/resources/{}", {}),
]


@pytest.mark.parametrize("who", ["eve", "lea"], ids=["stranger", "who has left"])
async def test_trying_to_change_it_tells_no_more(region: Service, who: str) -> None:
    ids, them, absent = await something_of_each(region), region.as_(who), "0" * 36
    for method, path, body in CHANGES:
        nothing = await them.request(method, path.format(absent), **body)
        for one, privacy in ids.items():
            reply = await them.request(method, path.format(one), **body)
            if privacy == "open":
                assert reply.status_code in (403, 409)
            else:
                assert same(reply, one) == same(nothing, absent)
    assert len(await region.published()) == len(LEVELS)


async def test_a_community_one_may_not_know_of_is_answered_as_none(region: Service) -> None:
    await something_of_each(region)
    eve = region.as_("eve")
    new = {"url": "https://example.org/", "title": "x"}
    upload = {"files": {"file": ("a.pdf", a_pdf())}, "data": {"title": "x"}}
    for method, path, body in (
        ("GET", "/communities/{}/resources", {}),
        ("GET", "/communities/{}/bin", {}),
        ("GET", "/search?q=guide&community={}", {}),
        ("POST", "/communities/{}/links", {"json": new}),
        ("POST", "/communities/{}/files", upload),
    ):
        nowhere = await eve.request(method, path.format("nowhere"), **body)
        for privacy in ("restricted", "private", "confidential"):
            there = await eve.request(method, path.format(privacy), **body)
            assert same(there, privacy) == same(nowhere, "nowhere")


def same(reply: Any, id: str) -> tuple[int, dict[str, str], str]:
    """Everything that an answer tells, its own id left out."""
    told = {k: v for k, v in reply.headers.items() if k not in ("x-trace-id", "content-length")}
    return reply.status_code, told, reply.text.replace(id, "ID")


async def test_the_bin_is_for_facilitators_and_operators(region: Service) -> None:
    ids = await something_of_each(region)
    for one in ids:
        await region.as_("ann").delete(f"/resources/{one}")
    for privacy in LEVELS:
        path = f"/communities/{privacy}/bin"
        statuses = [(await a_client(region, role).get(path)).status_code for role in ROLES]
        assert statuses == [403 if privacy == "open" else 404, 403, 200, 200]


async def test_who_leaves_or_comes_sees_less_or_more_at_once(region: Service) -> None:
    ids = await something_of_each(region)
    eve, search = region.as_("eve"), {"q": "guide"}
    assert len(ids_in(await eve.get("/search", params=search))) == 1
    await region.happens(joins("confidential", "eve"))
    assert len(ids_in(await eve.get("/search", params=search))) == 2
    await region.happens(MemberLeft(community_id="confidential", person_id="eve"))
    assert {ids[one] for one in ids_in(await eve.get("/search", params=search))} == {"open"}


async def test_a_community_that_closes_up_takes_its_resources_with_it(region: Service) -> None:
    ids = await something_of_each(region)
    eve, bob = region.as_("eve"), region.as_("bob")
    described = a_community("open", "private").model_dump(exclude={"started_by"})
    await region.happens(CommunityRedefined(**described))
    assert ids_in(await eve.get("/search", params={"q": "guide"})) == []
    assert (await eve.get("/communities/open/resources")).status_code == 404
    assert len(ids_in(await bob.get("/search", params={"q": "guide"}))) == len(ids)


async def test_a_new_facilitator_may_what_facilitators_may(region: Service) -> None:
    bob = region.as_("bob")
    assert (await bob.get("/communities/private/bin")).status_code == 403
    await region.happens(RoleGiven(community_id="private", person_id="bob", role="co-facilitator"))
    assert (await bob.get("/communities/private/bin")).status_code == 200
    await region.happens(RoleGiven(community_id="private", person_id="bob", role="member"))
    assert (await bob.get("/communities/private/bin")).status_code == 403


async def test_without_a_token_there_is_nothing(region: Service) -> None:
    for method, path in (
        ("GET", "/search?q=guide"),
        ("GET", "/communities/open/resources"),
        ("GET", "/communities/open/bin"),
        ("GET", "/resources/x"),
        ("GET", "/resources/x/versions"),
        ("GET", "/resources/x/content"),
        ("POST", "/resources/x/recovery"),
        ("DELETE", "/resources/x"),
    ):
        assert (await region.client().request(method, path)).status_code == 401
