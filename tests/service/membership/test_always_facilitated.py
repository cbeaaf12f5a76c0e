"""M10: nobody orphans a community; handover takes two steps."""

import asyncio
from typing import Any

import pytest

from shared.contracts.membership import (
    HandoverAccepted,
    HandoverDeclined,
    HandoverProposed,
    RoleGiven,
)
from tests.support.service import Service


async def _two(region: Any) -> str:
    path = await region.community()
    await region.joins(path, "ann")
    return path


async def test_the_last_facilitator_cannot_leave_nor_step_down(
    region: Any, service: Service
) -> None:
    path = await _two(region)
    before = await region.untouched()
    replies = [
        await region.fay.delete(f"{path}/members/me"),
        await region.fay.delete(f"{path}/members/fay"),
        await region.fay.put(f"{path}/members/me/role", json={"role": "member"}),
        await region.fay.put(f"{path}/members/fay/role", json={"role": "co-facilitator"}),
    ]
    for reply in replies:
        assert reply.status_code == 409
        assert reply.json()["type"] == "urn:copse:problem:last-facilitator"
    assert await before.still()


async def test_a_handover_takes_two_steps(region: Any, service: Service) -> None:
    path = await _two(region)
    reply = await region.fay.post(f"{path}/handover", json={"to": "ann"})
    both = {"from_person_id": "fay", "to_person_id": "ann"}
    assert (reply.status_code, reply.json()) == (201, both)
    assert (await region.fay.get(path)).json()["facilitators"] == ["fay"]
    assert (await region.fay.delete(f"{path}/members/me")).status_code == 409

    reply = await region.ann.put(f"{path}/handover", json={"accept": True})
    assert (reply.status_code, reply.json()["role"]) == (200, "facilitator")
    page = (await region.fay.get(path)).json()
    assert (page["facilitators"], page["co_facilitators"]) == (["ann"], ["fay"])
    assert "handover" not in page
    own = page["community_id"]
    assert await service.published(HandoverProposed, HandoverAccepted, RoleGiven) == [
        HandoverProposed(community_id=own, **both),
        HandoverAccepted(community_id=own, **both),
        RoleGiven(community_id=own, person_id="ann", role="facilitator"),
        RoleGiven(community_id=own, person_id="fay", role="co-facilitator"),
    ]
    assert (await region.fay.delete(f"{path}/members/me")).status_code == 204


async def test_a_handover_may_be_refused(region: Any, service: Service) -> None:
    path = await _two(region)
    await region.fay.post(f"{path}/handover", json={"to": "ann"})
    reply = await region.ann.put(f"{path}/handover", json={"accept": False})
    assert (reply.status_code, reply.json()["role"]) == (200, "member")
    assert (await region.fay.get(path)).json()["facilitators"] == ["fay"]
    assert len(await service.published(HandoverDeclined)) == 1
    again = await region.ann.put(f"{path}/handover", json={"accept": True})
    assert (again.status_code, again.json()["type"]) == (404, "urn:copse:problem:no-handover")


async def test_only_facilitators_propose_and_only_the_proposed_answers(region: Any) -> None:
    path = await _two(region)
    await region.joins(path, "bob")
    before = await region.untouched()
    for client in (region.ann, region.stranger, region.operator):
        reply = await client.post(f"{path}/handover", json={"to": "bob"})
        assert (reply.status_code, reply.json()["type"]) == (
            403,
            "urn:copse:problem:facilitators-only",
        )
    for to, status in (("stranger", 404), ("fay", 409)):
        reply = await region.fay.post(f"{path}/handover", json={"to": to})
        assert reply.status_code == status
    assert await before.still()
    await region.fay.post(f"{path}/handover", json={"to": "ann"})
    before = await region.untouched()
    for client in (region.fay, region.bob, region.stranger, region.operator):
        reply = await client.put(f"{path}/handover", json={"accept": True})
        assert (reply.status_code, reply.json()["type"]) == (403, "urn:copse:problem:not-proposed")
    assert await before.still()


@pytest.mark.parametrize(("gone", "answer"), [("fay", "no-handover"), ("ann", "not-proposed")])
async def test_a_handover_ends_when_one_of_the_two_leaves(
    region: Any, gone: str, answer: str
) -> None:
    path = await _two(region)
    await region.joins(path, "bob")
    await region.fay.put(f"{path}/members/bob/role", json={"role": "facilitator"})
    await region.fay.post(f"{path}/handover", json={"to": "ann"})
    await getattr(region, gone).delete(f"{path}/members/me")
    reply = await region.ann.put(f"{path}/handover", json={"accept": True})
    assert reply.json()["type"] == f"urn:copse:problem:{answer}"


async def test_roles_are_given_by_facilitators_to_members(region: Any, service: Service) -> None:
    path = await _two(region)
    before = await region.untouched()
    for client in (region.ann, region.stranger, region.operator):
        reply = await client.put(f"{path}/members/ann/role", json={"role": "facilitator"})
        assert reply.status_code == 403
    reply = await region.fay.put(f"{path}/members/stranger/role", json={"role": "member"})
    assert (reply.status_code, reply.json()["type"]) == (404, "urn:copse:problem:not-a-member")
    reply = await region.fay.put(f"{path}/members/ann/role", json={"role": "owner"})
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "role")
    assert await before.still()
    for _ in range(2):
        reply = await region.fay.put(f"{path}/members/ann/role", json={"role": "facilitator"})
        assert (reply.status_code, reply.json()["role"]) == (200, "facilitator")
    assert len(await service.published(RoleGiven)) == 1
    assert (await region.fay.delete(f"{path}/members/me")).status_code == 204


async def test_two_facilitators_who_leave_at_once_leave_one(region: Any) -> None:
    for _ in range(5):
        path = await _two(region)
        await region.fay.put(f"{path}/members/ann/role", json={"role": "facilitator"})
        replies = await asyncio.gather(
            region.fay.delete(f"{path}/members/me"), region.ann.delete(f"{path}/members/me")
        )
        assert sorted(reply.status_code for reply in replies) == [204, 409]
        page = (await region.operator.get(path)).json()
        assert (len(page["facilitators"]), page["members"]) == (1, 1)
