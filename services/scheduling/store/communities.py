"""Who is what in which community: copies of membership's facts."""

from collections.abc import Mapping

from services.scheduling.model import Standing
from shared.storage.unit_of_work import Transaction


async def standing_in(tx: Transaction, community_id: str, person_id: str) -> Standing:
    """What a person is in a community; also where either is not known.

    A member is told by the membership alone: the community is not read.
    """
    membership = await tx.get("memberships", f"{community_id}:{person_id}") or {}
    if membership.get("status") == "active":
        role = membership["role"]
        return Standing(community_id=community_id, person_id=person_id, role=role)
    community = await tx.get("communities", community_id) or {}
    privacy = community.get("privacy")
    return Standing(community_id=community_id, person_id=person_id, privacy=privacy)


async def communities_of(tx: Transaction, person_id: str) -> list[str]:
    """The communities a person belongs to."""
    where = {"person_id": person_id, "status": "active"}
    return await tx.distinct("memberships", "community_id", where)


async def name_of(tx: Transaction, community_id: str) -> str:
    community: Mapping[str, str] = await tx.get("communities", community_id) or {}
    return community.get("name", "")
