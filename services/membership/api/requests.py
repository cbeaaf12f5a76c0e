"""How people come to belong where not everybody may: invitations and requests."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel

from services.membership import store
from services.membership.api.lists import after_id
from services.membership.api.members import Membership, PersonId, membership_of
from shared.errors import Invalid
from shared.http.auth import Principal
from shared.http.paging import Paging
from shared.http.router import Router, Tx
from shared.types.clock import now
from shared.types.fields import Line, Reason

router = Router(
    prefix="/communities/{community_id}",
    tags=["members"],
    responses={
        403: {"description": "`facilitators-only`"},
        404: {"description": "Nothing here that I may know of"},
    },
)


class Invitation(BaseModel, extra="forbid"):
    """Who is to be invited."""

    person_id: Line


class UnknownPerson(Invalid):
    """Nobody is registered under this id."""


@router.post(
    "/invitations",
    status_code=201,
    responses={409: {"description": "`already-member`, `already-invited`, `already-requested`"}},
)
async def invite(community_id: str, invitation: Invitation, me: Principal, tx: Tx) -> Membership:
    """Invite a registered person, who then may join whatever the policy. For facilitators."""
    community, _, _ = await store.seen_by(tx, community_id, me)
    community.require_steward(me.person_id)
    if not await store.names_of(tx, [invitation.person_id]):
        raise UnknownPerson("Ask them to sign in once (PUT /people/me) first.", field="person_id")
    return membership_of(
        *await store.change_standing(
            tx,
            community_id,
            invitation.person_id,
            lambda community, standing: community.invite(standing, me.person_id, now()),
        )
    )


class MembershipRequest(BaseModel):
    """Somebody who asks to belong."""

    person_id: str
    name: str
    since: AwareDatetime | None


class MembershipRequests(BaseModel):
    """One page of requests."""

    items: list[MembershipRequest]
    next: str | None


@router.get("/requests")
async def list_requests(
    community_id: str, me: Principal, tx: Tx, page: Paging
) -> MembershipRequests:
    """Who waits for an answer. For facilitators."""
    community, _, _ = await store.seen_by(tx, community_id, me)
    if not me.is_operator:
        community.require_steward(me.person_id)
    listed = await store.standings_in(tx, community_id, "requested", after_id(page), page.wanted)
    standings, following = page.cut(listed, lambda standing: (standing.person_id,))
    names = await store.names_of(tx, [standing.person_id for standing in standings])
    items = [
        MembershipRequest(
            person_id=standing.person_id, name=names[standing.person_id], since=standing.since
        )
        for standing in standings
    ]
    return MembershipRequests(items=items, next=following)


class Decision(BaseModel, extra="forbid"):
    """The answer to a request; to decline needs a reason."""

    decision: Literal["accept", "decline"]
    reason: Reason | None = None


@router.put("/requests/{person_id}")
async def decide_request(
    community_id: str, person_id: PersonId, answer: Decision, me: Principal, tx: Tx
) -> Membership:
    """Accept or decline a request to belong. For facilitators."""
    await store.seen_by(tx, community_id, me)
    return membership_of(
        *await store.change_standing(
            tx,
            community_id,
            person_id,
            lambda community, standing: community.decide(
                standing, answer.decision, answer.reason, me.person_id, now()
            ),
        )
    )
