"""Who is what in which community: copies of membership's facts."""

from services.resources.model import Standing
from shared.http.keys import Person
from shared.storage.unit_of_work import Filter, Transaction


async def standing_in(
    tx: Transaction, community_id: str, me: Person, *, absent: str = ""
) -> Standing:
    """What somebody is in a community. NotFound unless they may read it, in the words of `absent`.

    A member is told by the membership alone: the community is not read.
    """
    membership = await tx.get("memberships", f"{community_id}:{me.person_id}") or {}
    standing = Standing(
        person_id=me.person_id, role=membership.get("role"), is_operator=me.is_operator
    )
    if standing.role:
        return standing
    community = await tx.get("communities", community_id) or {}
    standing = standing.model_copy(update={"privacy": community.get("privacy")})
    standing.require_reader(
        absent
        or f"Nothing in communities is {community_id} that you may see. If it was made a moment ago, try again."
    )
    return standing


async def readable(tx: Transaction, me: Person) -> Filter:
    """Which resources somebody may read, of all communities. The same rule as `Standing.may_read`."""
    if me.is_operator:
        return {}
    is_open = await tx.distinct("communities", "_id", {"privacy": "open"})
    memberships = {"person_id": me.person_id, "role": {"$ne": None}}
    own = await tx.distinct("memberships", "community_id", memberships)
    return {"community_id": {"$in": sorted({*is_open, *own})}}
