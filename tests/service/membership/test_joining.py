"""M4: join policy open / request / invite; invitations and requests."""

import asyncio
from typing import Any

import bson
import pytest

from shared.contracts.membership import (
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MembershipDeclined,
    MembershipRequested,
    PersonRegistered,
)
from tests.support.service import Service

BELONGING = (MemberJoined, MemberLeft, MembershipRequested, MembershipDeclined, MemberInvited)


async def _told(service: Service) -> list[tuple[str, str]]:
    events = await service.published(*BELONGING)
    return [(type(one).__name__, one.person_id) for one in events]


async def test_an_open_community_is_joined_at_once(region: Any, service: Service) -> None:
    path = await region.community()
    reply = await region.ann.post(f"{path}/members")
    assert reply.status_code == 201
    joined = reply.json()
    assert (joined["person_id"], joined["status"], joined["role"]) == ("ann", "active", "member")
    assert await _told(service) == [("MemberJoined", "fay"), ("MemberJoined", "ann")]
    page = (await region.ann.get(path)).json()
    assert (page["members"], page["my_status"], page["my_role"]) == (2, "active", "member")


async def test_joining_registers_the_person_once(region: Any, service: Service) -> None:
    path = await region.community()
    await region.ann.post(f"{path}/members")
    second = await region.community(name="Another")
    await region.ann.post(f"{second}/members")
    registered = [one.person_id for one in await service.published(PersonRegistered)]
    assert registered == ["fay", "ann"]


async def test_a_member_does_not_join_twice(region: Any, service: Service) -> None:
    path = await region.community()
    await region.ann.post(f"{path}/members")
    before = await region.untouched()
    reply = await region.ann.post(f"{path}/members")
    assert (reply.status_code, reply.json()["type"]) == (409, "urn:copse:problem:already-member")
    assert await before.still()


async def test_who_asks_waits_and_is_accepted(region: Any, service: Service) -> None:
    path = await region.community(join_policy="request")
    reply = await region.ann.post(f"{path}/members")
    assert (reply.status_code, reply.json()["status"]) == (202, "requested")
    assert (await region.ann.get(f"{path}/members")).status_code == 403
    (waiting,) = (await region.fay.get(f"{path}/requests")).json()["items"]
    assert (waiting["person_id"], waiting["name"]) == ("ann", "Ann")
    again = await region.ann.post(f"{path}/members")
    assert (again.status_code, again.json()["type"]) == (409, "urn:copse:problem:already-requested")

    reply = await region.fay.put(f"{path}/requests/ann", json={"decision": "accept"})
    assert (reply.status_code, reply.json()["status"]) == (200, "active")
    assert (await region.fay.get(f"{path}/requests")).json()["items"] == []
    assert await _told(service) == [
        ("MemberJoined", "fay"),
        ("MembershipRequested", "ann"),
        ("MemberJoined", "ann"),
    ]


async def test_a_request_is_declined_with_a_reason_and_may_be_made_again(
    region: Any, service: Service
) -> None:
    path = await region.community(join_policy="request")
    await region.ann.post(f"{path}/members")
    before = await region.untouched()
    reply = await region.fay.put(f"{path}/requests/ann", json={"decision": "decline"})
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "reason")
    assert await before.still()
    answer = {"decision": "decline", "reason": "We are for Leeds alone."}
    reply = await region.fay.put(f"{path}/requests/ann", json=answer)
    assert (reply.status_code, reply.json()["status"]) == (200, "declined")
    (declined,) = await service.published(MembershipDeclined)
    assert (declined.person_id, declined.reason) == ("ann", "We are for Leeds alone.")
    assert (await region.fay.put(f"{path}/requests/ann", json=answer)).status_code == 404
    assert (await region.ann.post(f"{path}/members")).status_code == 202


async def test_an_invite_only_community_is_joined_by_invitation(
    region: Any, service: Service
) -> None:
    path = await region.community(join_policy="invite")
    await region.ann.put("/people/me")
    before = await region.untouched()
    reply = await region.ann.post(f"{path}/members")
    assert (reply.status_code, reply.json()["type"]) == (
        403,
        "urn:copse:problem:invitation-required",
    )
    assert await before.still()
    reply = await region.fay.post(f"{path}/invitations", json={"person_id": "ann"})
    assert (reply.status_code, reply.json()["status"]) == (201, "invited")
    assert (await region.ann.post(f"{path}/members")).status_code == 201
    (invited,) = await service.published(MemberInvited)
    assert (invited.person_id, invited.invited_by) == ("ann", "fay")
    assert await _told(service) == [
        ("MemberJoined", "fay"),
        ("MemberInvited", "ann"),
        ("MemberJoined", "ann"),
    ]


@pytest.mark.parametrize("policy", ["open", "request", "invite"])
async def test_who_is_invited_joins_whatever_the_policy(region: Any, policy: str) -> None:
    path = await region.community(join_policy=policy)
    await region.joins(path, "ann")
    assert (await region.ann.get(path)).json()["my_status"] == "active"


async def test_a_confidential_community_is_joined_by_the_invited_alone(region: Any) -> None:
    path = await region.community(privacy="confidential")
    assert (await region.ann.post(f"{path}/members")).status_code == 404
    assert (await region.operator.post(f"{path}/members")).status_code == 403
    await region.joins(path, "ann")


async def test_facilitators_and_co_facilitators_invite_and_decide(region: Any) -> None:
    path = await region.community(join_policy="request")
    await region.joins(path, "cora", "mia")
    await region.ann.post(f"{path}/members")
    await region.bob.put("/people/me")

    async def tries(client: Any) -> set[int]:
        return {
            (await client.post(f"{path}/invitations", json={"person_id": "bob"})).status_code,
            (await client.get(f"{path}/requests")).status_code,
            (await client.put(f"{path}/requests/ann", json={"decision": "accept"})).status_code,
        }

    before = await region.untouched()
    assert await tries(region.mia) == await tries(region.ann) == {403}
    assert await before.still()
    await region.fay.put(f"{path}/members/cora/role", json={"role": "co-facilitator"})
    assert await tries(region.cora) == {200, 201}


async def test_an_invitation_needs_somebody_who_is_known_and_wants_it(region: Any) -> None:
    path = await region.community(join_policy="request")
    before = await region.untouched()
    reply = await region.fay.post(f"{path}/invitations", json={"person_id": "nobody"})
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "person_id")
    assert await before.still()
    for name in ("ann", "bob"):
        await getattr(region, name).put("/people/me")
    await region.fay.post(f"{path}/invitations", json={"person_id": "ann"})
    await region.bob.post(f"{path}/members")
    for name, problem in (
        ("fay", "already-member"),
        ("ann", "already-invited"),
        ("bob", "already-requested"),
    ):
        reply = await region.fay.post(f"{path}/invitations", json={"person_id": name})
        assert (reply.status_code, reply.json()["type"]) == (409, f"urn:copse:problem:{problem}")


async def test_members_leave_and_may_return(region: Any, service: Service) -> None:
    path = await region.community()
    await region.ann.post(f"{path}/members")
    assert (await region.ann.delete(f"{path}/members/me")).status_code == 204
    assert (await region.ann.delete(f"{path}/members/me")).status_code == 404
    assert (await region.fay.get(path)).json()["members"] == 1
    assert (await region.ann.post(f"{path}/members")).status_code == 201
    assert [name for name, who in await _told(service) if who == "ann"] == [
        "MemberJoined",
        "MemberLeft",
        "MemberJoined",
    ]


async def test_a_facilitator_lets_somebody_go_and_nobody_else_does(
    region: Any, service: Service
) -> None:
    path = await region.community()
    await region.joins(path, "ann", "bob")
    for client in (region.bob, region.stranger, region.operator):
        assert (await client.delete(f"{path}/members/ann")).status_code == 403
    assert (await region.fay.delete(f"{path}/members/ann")).status_code == 204
    assert (await region.fay.delete(f"{path}/members/ann")).status_code == 404
    assert [one.person_id for one in await service.published(MemberLeft)] == ["ann"]


async def test_members_are_listed_page_by_page(region: Any) -> None:
    path = await region.community()
    people = [f"p{number}" for number in range(5)]
    for name in people:
        await getattr(region, name).post(f"{path}/members")
    seen: list[str] = []
    address = f"{path}/members?limit=2"
    while address:
        page = (await region.p0.get(address)).json()
        seen += [one["person_id"] for one in page["items"]]
        address = page["next"] and f"{path}/members?limit=2&cursor={page['next']}"
    assert seen == ["fay", *people]


async def test_a_new_name_is_seen_in_the_list_at_once(region: Any) -> None:
    path = await region.community()
    before = await region.fay.get(f"{path}/members")
    await region.fay.put("/people/me", json={"name": "Fay Winter"})
    known = {"if-none-match": before.headers["etag"]}
    after = await region.fay.get(f"{path}/members", headers=known)
    assert (after.status_code, after.json()["items"][0]["name"]) == (200, "Fay Winter")


async def test_many_join_at_once_and_each_counts_once(region: Any, service: Service) -> None:
    path = await region.community()
    people = [f"p{number:02}" for number in range(20)]
    clients = [getattr(region, name) for name in people for _ in range(2)]
    replies = await asyncio.gather(*(one.post(f"{path}/members") for one in clients))
    statuses = sorted(reply.status_code for reply in replies)
    assert statuses == [201] * 20 + [409] * 20
    assert (await region.fay.get(path)).json()["members"] == 21
    own = path.removeprefix("/communities/")
    told = await service.database["outbox"].find({"key": own}).sort("seq", 1).to_list(None)
    assert [one["seq"] for one in told] == list(range(1, 23))
    assert sorted(who for name, who in await _told(service)) == ["fay", *people]
    assert len(await service.published(PersonRegistered)) == 21


async def test_a_community_stays_small_however_many_belong(region: Any, service: Service) -> None:
    path = await region.community()
    own = path.removeprefix("/communities/")

    async def size() -> int:
        return len(bson.encode(await service.database["communities"].find_one({"_id": own})))

    before = await size()
    for number in range(10):
        await getattr(region, f"p{number}").post(f"{path}/members")
    assert await size() == before
