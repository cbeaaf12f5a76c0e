"""Handing a community over, in two steps: one proposes, the other accepts."""

from pydantic import BaseModel, StrictBool

from services.membership import store
from services.membership.api.members import Membership, membership_of
from services.membership.model import Handover
from shared.http.auth import Principal
from shared.http.router import Router, Tx
from shared.types.fields import Line

router = Router(
    prefix="/communities/{community_id}/handover",
    tags=["members"],
    responses={
        403: {"description": "`facilitators-only`, `not-proposed`"},
        404: {"description": "`no-handover`, or nothing here that I may know of"},
    },
)


class Proposal(BaseModel, extra="forbid"):
    """The member who is asked to take over."""

    to: Line


@router.post("", status_code=201, responses={409: {"description": "`already-facilitator`"}})
async def propose_handover(
    community_id: str, proposal: Proposal, me: Principal, tx: Tx
) -> Handover:
    """Ask a member to take over from me. For facilitators; replaces an earlier proposal."""
    await store.seen_by(tx, community_id, me)
    to = await store.standing_in(tx, community_id, proposal.to)
    await store.change(
        tx, community_id, lambda community: community.propose_handover(to, me.person_id)
    )
    return Handover(from_person_id=me.person_id, to_person_id=proposal.to)


class Answer(BaseModel, extra="forbid"):
    """Whether I take over."""

    accept: StrictBool


@router.put("")
async def answer_handover(community_id: str, answer: Answer, me: Principal, tx: Tx) -> Membership:
    """Take over, or not. Who proposed it becomes co-facilitator when I do."""
    community, standing, _ = await store.seen_by(tx, community_id, me)
    if not me.is_operator:
        community.require_handover_visible_to(standing)
    community = await store.change(
        tx,
        community_id,
        lambda community: community.answer_handover(me.person_id, accept=answer.accept),
    )
    return membership_of(community, standing)
