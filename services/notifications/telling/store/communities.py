"""What is known here of communities."""

from shared.storage.unit_of_work import Transaction


async def community_in_mails(tx: Transaction, community_id: str | None) -> str | None:
    """What a community is called where anybody may look over the reader's shoulder."""
    if community_id is None:
        return None
    community = await tx.get("communities", community_id)
    if not community or community.get("privacy") in (None, "confidential"):
        return "this community"
    return community.get("name") or "this community"
