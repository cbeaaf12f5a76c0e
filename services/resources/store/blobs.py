"""Bytes, outside of transactions: `keep` before, `adopt` inside, `sweep` what nobody adopted.

GridFS takes no part in a transaction, so a note in `uploads` goes before the bytes. The command
that refers to them removes the note in its own transaction; whatever happens before that commit
leaves a note, and the sweeper finds the bytes by it. Both change the same note, so MongoDB lets
only one of them win, whatever the clocks say. A blob belongs to one command and is never shared
between resources. Another store of bytes (S3) is another keep, read and _drop.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from gridfs import NoFile
from motor.motor_asyncio import AsyncIOMotorGridFSBucket

from shared.errors import Busy
from shared.storage.database import Database
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now

UNADOPTED = timedelta(hours=1)
STALLED = timedelta(days=1)
"""A process that stood still while it wrote may write on after a sweep; its note stays this long."""


async def keep(database: Database, blob_id: str, content: bytes) -> None:
    """Write bytes under a new id. They last an hour, unless adopted."""
    await database["uploads"].insert_one({"_id": blob_id, "at": now()})
    await _bucket(database).upload_from_stream_with_id(blob_id, blob_id, content)


async def adopt(tx: Transaction, blob_id: str) -> None:
    """The bytes last, if this transaction commits. Busy if they have been swept away."""
    if not await tx.remove("uploads", {"_id": blob_id, "swept_at": None}):
        raise Busy("This took so long that the file was given up. Send it again.")


async def read(database: Database, blob_id: str) -> AsyncIterator[bytes]:
    """The bytes, a chunk of 255 kB at a time."""
    stream: Any = await _bucket(database).open_download_stream(blob_id)

    async def chunks() -> AsyncIterator[bytes]:
        while chunk := await stream.readchunk():
            yield chunk

    return chunks()


async def sweep(database: Database) -> None:
    """Remove bytes that no command adopted within an hour. Safe beside commands and other sweepers."""
    notes = database["uploads"]
    given_up = {
        "$or": [
            {"at": {"$lt": now() - UNADOPTED}, "swept_at": None},
            {"at": {"$lt": now() - STALLED}},
        ]
    }
    async for note in notes.find(given_up):
        claimed = await notes.update_one({"_id": note["_id"]}, {"$set": {"swept_at": now()}})
        if not claimed.matched_count:
            continue  # adopted just now
        await _drop(database, note["_id"])
        if note["at"] < now() - STALLED:
            await notes.delete_one({"_id": note["_id"]})


async def _drop(database: Database, blob_id: str) -> None:
    with suppress(NoFile):  # never whole, or gone already; its chunks go in any case
        await _bucket(database).delete(blob_id)


def _bucket(database: Database) -> Any:
    return AsyncIOMotorGridFSBucket(database.raw)
