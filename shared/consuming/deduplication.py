"""An event that brought about a reaction is remembered by its id: whoever sends it again, it takes effect once.

The other two layers are a partition's watermark (`partition.py`), which makes redelivery free, and an aggregate's sequence
(`storage/projection.py`), which makes order and replay of projections harmless for ever.
"""

from collections.abc import Sequence

from pymongo.errors import BulkWriteError

from shared.storage.failures import is_duplicate
from shared.storage.layout import DEDUPLICATION
from shared.storage.unit_of_work import Transaction
from shared.types import clock


class SeenBefore(Exception):
    """One of the events was remembered before: which, has to be looked up."""


async def remember(tx: Transaction, identities: Sequence[str], *, careful: bool) -> set[str]:
    """Remember events from this transaction on; returns those that were remembered before.

    Optimistic: the first try inserts blindly and raises SeenBefore where it must not; the careful one looks first.
    """
    if not identities:
        return set()
    seen: set[str] = set()
    if careful:
        known = await tx.find(DEDUPLICATION, {"_id": {"$in": [*identities]}})
        seen = {document["_id"] for document in known}
    elif len(set(identities)) < len(identities):
        raise SeenBefore
    moment = clock.machine()
    new = [{"_id": id, "at": moment} for id in dict.fromkeys(identities) if id not in seen]
    try:
        if new:
            await tx.insert(DEDUPLICATION, new)
    except BulkWriteError as error:
        if not careful and is_duplicate(error):
            raise SeenBefore from None
        raise
    return seen


async def forget(tx: Transaction, identities: Sequence[str]) -> None:
    """These events did not take effect in this transaction after all."""
    if identities:
        await tx.remove_all(DEDUPLICATION, {"_id": {"$in": [*identities]}})
