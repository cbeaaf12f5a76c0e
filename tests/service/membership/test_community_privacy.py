"""M3 for communities' pages and lists: 4 levels of privacy, and everybody who may ask."""

from typing import Any

import pytest

NAME = {"view", "community_id", "name", "privacy"}
SUMMARY = {*NAME, "community_type", "purpose", "places", "format", "join_policy"}
FULL = {*SUMMARY, "charter", "members", "facilitators", "co_facilitators", "started_at"}
MINE = {"my_status", "my_role"}
POLICIES = {"open": "open", "restricted": "request", "private": "request", "confidential": "invite"}
LEVELS = list(POLICIES)

STRANGER = {"open": FULL, "restricted": SUMMARY, "private": NAME, "confidential": None}
INVITED = {"open": FULL, "restricted": SUMMARY, "private": SUMMARY, "confidential": SUMMARY}


async def _one_of(region: Any, privacy: str) -> str:
    path = await region.community(privacy=privacy, join_policy=POLICIES[privacy])
    await region.joins(path, "mia")
    for name in ("ivy", "stan"):
        await getattr(region, name).put("/people/me")
    await region.fay.post(f"{path}/invitations", json={"person_id": "ivy"})
    return path


@pytest.mark.parametrize("privacy", LEVELS)
async def test_a_page_and_a_list_show_what_the_reader_may_read(region: Any, privacy: str) -> None:
    path = await _one_of(region, privacy)
    for reader, expected in (
        (region.stan, STRANGER[privacy]),
        (region.ivy, INVITED[privacy] | {"my_status"}),
        (region.mia, FULL | MINE),
        (region.fay, FULL | MINE),
        (region.operator, FULL),
    ):
        page, listed = await reader.get(path), (await reader.get("/communities")).json()["items"]
        if expected is None:
            assert (page.status_code, listed) == (404, [])
        else:
            assert (page.status_code, set(page.json())) == (200, expected)
            assert listed == [page.json()]


@pytest.mark.parametrize("privacy", LEVELS)
async def test_members_are_listed_for_members_and_requests_for_those_who_decide(
    region: Any, privacy: str
) -> None:
    path = await _one_of(region, privacy)
    nobodys = 404 if privacy == "confidential" else 403
    for reader, members, requests in (
        (region.stan, nobodys, nobodys),
        (region.ivy, 403, 403),
        (region.mia, 200, 403),
        (region.fay, 200, 200),
        (region.operator, 200, 200),
    ):
        reply = await reader.get(f"{path}/members")
        assert reply.status_code == members
        if members == 200:
            people = {one["person_id"]: (one["name"], one["role"]) for one in reply.json()["items"]}
            assert people == {"fay": ("Fay", "facilitator"), "mia": ("Mia", "member")}
        else:
            assert "Mia" not in reply.text
        assert (await reader.get(f"{path}/requests")).status_code == requests


async def test_a_confidential_community_cannot_be_told_from_one_that_does_not_exist(
    region: Any,
) -> None:
    path = await _one_of(region, "confidential")
    asked = [
        ("GET", "", None),
        ("PATCH", "", {"name": "Mine"}),
        ("POST", "/members", None),
        ("GET", "/members", None),
        ("DELETE", "/members/me", None),
        ("DELETE", "/members/mia", None),
        ("PUT", "/members/mia/role", {"role": "facilitator"}),
        ("POST", "/invitations", {"person_id": "stan"}),
        ("GET", "/requests", None),
        ("PUT", "/requests/stan", {"decision": "accept"}),
        ("POST", "/handover", {"to": "mia"}),
        ("PUT", "/handover", {"accept": True}),
    ]
    before = await region.untouched()
    for method, rest, body in asked:
        for headers in ({}, {"if-match": '"v1"'}, {"if-none-match": '"v1"'}):
            replies = [
                await region.stan.request(method, f"{start}{rest}", json=body, headers=headers)
                for start in (path, "/communities/none")
            ]
            hidden, absent = (
                (reply.status_code, reply.text, dict(reply.headers)) for reply in replies
            )
            own = path.removeprefix("/communities/")
            assert hidden[0] == absent[0] == 404
            assert hidden[1].replace(own, "none") == absent[1], rest
            assert set(hidden[2]) == set(absent[2])
    assert await before.still()


async def test_a_filter_tells_a_stranger_nothing_about_a_private_community(region: Any) -> None:
    path = await _one_of(region, "private")
    for query in ("type=group-leads", "place=Leeds", "type=group-leads&place=Leeds"):
        assert (await region.stan.get(f"/communities?{query}")).json()["items"] == []
        for client in (region.mia, region.ivy, region.operator):
            (found,) = (await client.get(f"/communities?{query}")).json()["items"]
            assert path.endswith(found["community_id"])


async def test_how_often_it_changed_is_not_for_strangers(region: Any) -> None:
    path = await _one_of(region, "private")
    tags = [(await region.stan.get(path)).headers["etag"]]
    await region.joins(path, "nat")
    tags.append((await region.stan.get(path)).headers["etag"])
    assert tags[0] == tags[1]
    assert not tags[0].startswith('"v')


async def test_who_has_left_is_a_stranger_again(region: Any) -> None:
    path = await _one_of(region, "confidential")
    assert (await region.mia.delete(f"{path}/members/me")).status_code == 204
    assert (await region.mia.get(path)).status_code == 404
    assert (await region.mia.get("/communities")).json()["items"] == []
    assert (await region.mia.post(f"{path}/members")).status_code == 404


async def test_a_handover_is_seen_inside_only(region: Any) -> None:
    path = await _one_of(region, "open")
    await region.fay.post(f"{path}/handover", json={"to": "mia"})
    both = {"from_person_id": "fay", "to_person_id": "mia"}
    for client in (region.mia, region.fay, region.operator):
        assert (await client.get(path)).json()["handover"] == both
    for client in (region.stan, region.ivy):
        assert "handover" not in (await client.get(path)).json()
