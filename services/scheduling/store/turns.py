"""What time brings, one thing after the other: what fails for one is no other's trouble."""

from collections.abc import Awaitable, Callable

from shared.events.event import Document
from shared.observability.logs import log
from shared.storage.database import Database, is_outage
from shared.storage.unit_of_work import Transaction


async def each(
    database: Database,
    collection: str,
    due: Document,
    do: Callable[[Transaction, str], Awaitable[object]],
    *,
    first: str,
) -> None:
    """Do something to everything that is due, each in its own transaction, by the field `first`.

    One that fails is logged, and tried again at the next turn. While MongoDB is away, none is tried.
    """
    found = database[collection].find(due, {"_id": 1}).sort([(first, 1), ("_id", 1)])
    for document in await found.to_list(None):
        id: str = document["_id"]

        async def work(tx: Transaction, id: str = id) -> None:
            await do(tx, id)

        try:
            await database.transact(work)
        except Exception as error:
            if is_outage(error):
                raise
            log.error("a turn failed for one", doing=do.__name__, id=id, exc_info=error)
