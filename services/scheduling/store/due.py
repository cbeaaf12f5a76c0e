"""What has come due as time passes, each in its own transaction: one that fails holds up no other."""

from collections.abc import Awaitable, Callable

from shared.events.event import Document
from shared.observability.logs import log
from shared.storage.database import Database
from shared.storage.failures import is_outage
from shared.storage.unit_of_work import Transaction


async def each_due(
    database: Database,
    collection: str,
    due: Document,
    do: Callable[[Transaction, str], Awaitable[object]],
    *,
    first: str,
) -> None:
    """Do something to everything that is due, each in its own transaction, by the field `first`.

    One that fails is logged, and tried again the next time. While MongoDB is away, none is tried.
    """
    cursor = database[collection].find(due, {"_id": 1}).sort([(first, 1), ("_id", 1)])
    for document in await cursor.to_list(None):
        id: str = document["_id"]

        async def work(tx: Transaction, id: str = id) -> None:
            await do(tx, id)

        try:
            await database.transact(work)
        except Exception as error:
            if is_outage(error):
                raise
            log.error("cannot do what is due", doing=do.__name__, id=id, exc_info=error)
