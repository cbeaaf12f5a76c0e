"""Who is what in which community: copies of membership's facts."""

from collections.abc import Mapping

from services.scheduling.model import Standing
from shared.storage.unit_of_work import Transaction


async def standing_in(tx: Transaction, community_id: str, person_id: str) -> Standing:
    """What a person is in a community; also where either is not known."""
    community = await tx.get("communities", community_id) or {}
    membership = await tx.get("memberships", f"{community_id}:{person_id}") or {}
    belongs = membership.get("status") == "active"
    return Standing(
        community_id=community_id,
        person_id=person_id,
        name=community.get("name", ""),
        privacy=community.get("privacy"),
        role=membership.get("role") if belongs else None,
    )


async def communities_of(tx: Transaction, person_id: str) -> list[str]:
    """The communities a person belongs to."""
    where = {"person_id": person_id, "status": "active"}
    return await tx.distinct("memberships", "community_id", where)


async def name_of(tx: Transaction, community_id: str) -> str:
    community: Mapping[str, str] = await tx.get("communities", community_id) or {}
    return community.get("name", "")
