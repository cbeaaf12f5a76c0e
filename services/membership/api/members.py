"""Who belongs to a community, and in which role."""

from typing import Annotated

from fastapi import Depends, Response
from pydantic import AwareDatetime, BaseModel

from services.membership import store
from services.membership.api.lists import after_id
from services.membership.model import Community, Standing, Status
from shared.contracts.membership import Role
from shared.http.auth import Principal
from shared.http.paging import Paging
from shared.http.router import Router, Tx
from shared.types.clock import now

router = Router(
    prefix="/communities/{community_id}",
    tags=["members"],
    responses={404: {"description": "Nothing here that I may know of"}},
)


async def _person(person_id: str, me: Principal) -> str:
    return me.person_id if person_id == "me" else person_id


PersonId = Annotated[str, Depends(_person)]
"""A person's id in a path; `me` stands for whoever asks."""


class Membership(BaseModel):
    """How a person stands to a community."""

    community_id: str
    person_id: str
    status: Status
    role: Role | None
    since: AwareDatetime | None


def membership_of(community: Community, standing: Standing) -> Membership:
    role = community.role_of(standing.person_id) if standing.belongs else None
    return Membership(role=role, **standing.model_dump(exclude={"invited_by", "reason"}))


class Member(BaseModel):
    """Somebody who belongs."""

    person_id: str
    name: str
    role: Role
    since: AwareDatetime | None


class Members(BaseModel):
    """One page of members."""

    items: list[Member]
    next: str | None


@router.post(
    "/members",
    status_code=201,
    responses={
        202: {"model": Membership, "description": "The facilitators decide"},
        403: {"description": "`invitation-required`"},
        409: {"description": "`already-member`, `already-requested`"},
    },
)
async def join(community_id: str, me: Principal, tx: Tx, response: Response) -> Membership:
    """Join: 201 where I belong now, 202 where the facilitators decide, 403 without invitation."""
    await store.seen_by(tx, community_id, me)
    await store.register(tx, me, now())
    community, standing = await store.change_standing(
        tx, community_id, me.person_id, lambda community, standing: community.join(standing, now())
    )
    membership = membership_of(community, standing)
    response.status_code = 201 if membership.status == "active" else 202
    return membership


@router.get("/members", responses={403: {"description": "`members-only`"}})
async def list_members(community_id: str, me: Principal, tx: Tx, page: Paging) -> Members:
    """Who belongs, with names and roles. For members."""
    community, standing, _ = await store.seen_by(tx, community_id, me)
    if not me.is_operator:
        community.require_members_visible_to(standing)
    listed = await store.standings_in(tx, community_id, "active", after_id(page), page.wanted)
    standings, following = page.cut(listed, lambda standing: (standing.person_id,))
    names = await store.names_of(tx, [standing.person_id for standing in standings])
    items = [
        Member(
            person_id=standing.person_id,
            name=names[standing.person_id],
            role=community.role_of(standing.person_id),
            since=standing.since,
        )
        for standing in standings
    ]
    return Members(items=items, next=following)


@router.delete(
    "/members/{person_id}",
    status_code=204,
    responses={
        403: {"description": "`facilitators-only`"},
        409: {"description": "`last-facilitator`"},
    },
)
async def leave(community_id: str, person_id: PersonId, me: Principal, tx: Tx) -> None:
    """Leave (`me`), or let a member go. 409 for the last facilitator."""
    await store.seen_by(tx, community_id, me)
    await store.change_standing(
        tx,
        community_id,
        person_id,
        lambda community, standing: community.leave(standing, me.person_id, now()),
    )


class NewRole(BaseModel, extra="forbid"):
    """The role a member has from now on."""

    role: Role


@router.put(
    "/members/{person_id}/role",
    responses={
        403: {"description": "`facilitators-only`"},
        409: {"description": "`last-facilitator`"},
    },
)
async def give_role(
    community_id: str, person_id: PersonId, new: NewRole, me: Principal, tx: Tx
) -> Membership:
    """Give a member a role. For facilitators; one facilitator always stays."""
    await store.seen_by(tx, community_id, me)
    standing = await store.standing_in(tx, community_id, person_id)
    community = await store.change(
        tx, community_id, lambda community: community.give_role(standing, new.role, me.person_id)
    )
    return membership_of(community, standing)
