"""M1: a community = type + places + purpose + format + privacy + join policy + charter."""

from typing import Any

from shared.contracts.membership import (
    CommunityRedefined,
    CommunityStarted,
    MemberJoined,
    PersonRegistered,
)
from tests.support.service import Service

LEEDS = {"community_type": "group-leads", "name": "Leads in Leeds", "places": ["Leeds"]}


async def test_a_community_is_started_by_anybody_who_then_facilitates_it(
    region: Any, service: Service
) -> None:
    path = await region.community(
        places=["Leeds", "Bradford"],
        purpose="Ours",
        format="in-person",
        privacy="restricted",
        join_policy="request",
        charter="Our own.",
    )
    page = (await region.fay.get(path)).json()
    own = path.removeprefix("/communities/")
    assert page["started_at"]
    assert page == {
        "view": "full",
        "community_id": own,
        "community_type": "group-leads",
        "name": "Leads in Leeds",
        "places": ["Leeds", "Bradford"],
        "purpose": "Ours",
        "format": "in-person",
        "privacy": "restricted",
        "join_policy": "request",
        "charter": "Our own.",
        "members": 1,
        "facilitators": ["fay"],
        "co_facilitators": [],
        "started_at": page["started_at"],
        "my_status": "active",
        "my_role": "facilitator",
    }
    said = {name: page[name] for name in CommunityStarted.model_fields if name in page}
    assert await service.published(CommunityStarted, MemberJoined) == [
        CommunityStarted(**said, started_by="fay"),
        MemberJoined(community_id=own, person_id="fay", role="facilitator"),
    ]
    (fay,) = await service.published(PersonRegistered)
    assert (fay.person_id, fay.name, fay.email) == ("fay", "Fay", "fay@example.org")


async def test_what_is_left_out_comes_from_the_type(region: Any) -> None:
    await region.define("leaders")
    page = (await region.fay.get(await region.community(community_type="leaders"))).json()
    kind = (await region.fay.get("/community-types/leaders")).json()
    assert (page["privacy"], page["join_policy"], page["format"]) == (
        "private",
        "invite",
        "in-person",
    )
    assert (page["purpose"], page["charter"]) == (kind["purpose"], kind["charter"])


async def test_an_unknown_type_is_refused_naming_those_that_are_known(region: Any) -> None:
    for name in ("leaders", "group-leads"):
        await region.define(name)
    before = await region.untouched()
    reply = await region.fay.post("/communities", json=LEEDS | {"community_type": "managers"})
    assert reply.status_code == 422
    problem = reply.json()
    assert problem["type"] == "urn:copse:problem:unknown-type"
    assert problem["known"] == ["group-leads", "leaders"]
    assert "group-leads, leaders" in problem["detail"]
    assert problem["errors"][0]["field"] == "community_type"
    assert await before.still()


async def test_a_facilitator_describes_the_community_anew(region: Any, service: Service) -> None:
    path = await region.community()
    reply = await region.fay.patch(path, json={"name": "All leads", "privacy": "restricted"})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == "join_policy"
    changes = {"name": "All leads", "privacy": "restricted", "join_policy": "invite"}
    reply = await region.fay.patch(path, json=changes)
    assert (reply.status_code, reply.json()["name"]) == (200, "All leads")
    (told,) = await service.published(CommunityRedefined)
    assert (told.name, told.privacy, told.join_policy) == ("All leads", "restricted", "invite")
    assert (told.places, told.community_type) == (("Leeds",), "group-leads")
    again = await region.fay.patch(path, json=changes)
    assert again.status_code == 200
    assert len(await service.published(CommunityRedefined)) == 1


async def test_only_facilitators_describe_it_and_only_what_they_have_read(region: Any) -> None:
    path = await region.community()
    await region.joins(path, "ann")
    read = (await region.fay.get(path)).headers["etag"]
    await region.joins(path, "bob")
    before = await region.untouched()
    for client in (region.ann, region.stranger, region.operator):
        reply = await client.patch(path, json={"name": "Mine"})
        assert (reply.status_code, reply.json()["type"]) == (
            403,
            "urn:copse:problem:facilitators-only",
        )
    reply = await region.fay.patch(path, json={"name": "New"}, headers={"if-match": read})
    assert reply.status_code == 412
    assert await before.still()
    read = (await region.fay.get(path)).headers["etag"]
    reply = await region.fay.patch(path, json={"name": "New"}, headers={"if-match": read})
    assert reply.status_code == 200
    assert reply.headers["etag"] != read
    assert (await region.fay.get(path, headers={"if-none-match": read})).status_code == 200
    known = {"if-none-match": reply.headers["etag"]}
    assert (await region.fay.get(path, headers=known)).status_code == 304


async def test_communities_are_listed_by_type_and_place(region: Any) -> None:
    await region.define("leaders")
    leads = await region.community(name="A", places=["Leeds", "York"])
    open_leaders = {"community_type": "leaders", "privacy": "open", "join_policy": "open"}
    leaders = await region.community(name="B", places=["York"], **open_leaders)

    async def found(query: str) -> list[str]:
        reply = await region.ann.get(f"/communities?{query}")
        return [f"/communities/{one['community_id']}" for one in reply.json()["items"]]

    assert await found("") == [leads, leaders]
    assert await found("place=York") == [leads, leaders]
    assert await found("place=Leeds") == [leads]
    assert await found("type=leaders") == [leaders]
    assert await found("type=leaders&place=Leeds") == []
    assert await found("type=nothing") == []


async def test_a_list_is_read_page_by_page(region: Any) -> None:
    paths = [await region.community(name=f"C{number}") for number in range(5)]
    seen: list[str] = []
    address = "/communities?limit=2"
    for _ in range(3):
        page = (await region.ann.get(address)).json()
        seen += [f"/communities/{one['community_id']}" for one in page["items"]]
        address = f"/communities?limit=2&cursor={page.get('next')}"
    assert seen == paths
    assert page["next"] is None


async def test_the_same_key_starts_one_community(region: Any, service: Service) -> None:
    await region.define("group-leads")
    key = {"idempotency-key": "k1"}
    first = await region.fay.post("/communities", json=LEEDS, headers=key)
    again = await region.fay.post("/communities", json=LEEDS, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert len(await service.published(CommunityStarted)) == 1
    other = await region.fay.post("/communities", json=LEEDS | {"name": "B"}, headers=key)
    assert other.status_code == 422
    assert len(await service.published(CommunityStarted)) == 1


async def test_nobody_reads_without_a_token(region: Any) -> None:
    for path in ("/communities", "/communities/c1", "/communities/c1/members", "/people/me"):
        assert (await region.service.client().get(path)).status_code == 401
