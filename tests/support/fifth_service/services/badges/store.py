"""Where holders are kept."""

from pymongo import IndexModel

from services.badges.model import Holder
from shared.storage.unit_of_work import Transaction

INDEXES: dict[str, list[IndexModel]] = {"holders": []}


async def give(tx: Transaction, person_id: str, community_id: str) -> None:
    """Whoever has a badge keeps it, and is given no other."""
    if await tx.get("holders", person_id) is None:
        holder, given = Holder.of(person_id, community_id)
        tx.add("holders", person_id, holder, given)


async def holder(tx: Transaction, person_id: str) -> Holder:
    """NotFound for who has none."""
    return await tx.load("holders", Holder, person_id)
