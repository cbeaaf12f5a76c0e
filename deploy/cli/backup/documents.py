"""MongoDB's share of a backup: every database as it was at one moment."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import bson
from bson import json_util
from bson.json_util import RELAXED_JSON_OPTIONS as RELAXED
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure
from pymongo.write_concern import WriteConcern

from deploy.cli.backup.manifest import (
    RAW,
    Collection,
    Manifest,
    Writing,
    collection_file,
    decoded,
    reading,
)
from deploy.cli.reach import INNER, Mongo
from deploy.cli.terminal import Wrong, tell
from shared.events.event import Document
from shared.storage.layout import LEASES

LEFT_OUT = {LEASES}  # of processes that are not there any more
TOO_OLD = 239  # MongoDB's code: SnapshotTooOld
BATCH_BYTES, BATCH = 8_000_000, 1_000

Change = Callable[[str, Document], Document]
"""What is written instead of a document of a collection; the same object where nothing changes."""


@dataclass
class Sum:
    """Of documents in any order: their number, and their hashes added up."""

    count: int = 0
    total: int = 0

    def add(self, raw: bytes) -> None:
        self.count += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(raw).digest())) % 2**256


async def dump(client: Mongo, session: Any, folder: Path, manifest: Manifest) -> None:
    """Every collection, read in the session's snapshot, in the order of ids."""
    for database in await databases(client):
        collections: dict[str, Collection] = {}
        async for found in await client[database].list_collections(filter={"type": "collection"}):
            name: str = found["name"]
            if name in LEFT_OUT or name.startswith("system."):
                continue
            one = Collection(options=_plain(found.get("options", {})))
            indexes = await client[database][name].list_indexes()
            one.indexes = [_plain(index) async for index in indexes if index["name"] != "_id_"]
            await _dump(
                client[database][name], session, collection_file(folder, database, name), one
            )
            collections[name] = one
        manifest.databases[database] = dict(sorted(collections.items()))
        count = sum(one.count for one in collections.values())
        tell(f"MongoDB: {database}, {count} documents in {len(collections)} collections")


async def _dump(collection: Any, session: Any, file: Path, contents: Collection) -> None:
    writing = Writing(file, contents)
    try:
        raw = collection.with_options(RAW)
        async for one in raw.find({}, session=session).sort("_id", 1):
            writing.add(one.raw)
    except OperationFailure as error:
        if error.code == TOO_OLD:
            raise Wrong(
                "MongoDB keeps a moment for 300 s, and reading took longer. Let it keep one for an hour:"
                " db.adminCommand({setParameter: 1, minSnapshotHistoryWindowInSeconds: 3600})"
            ) from error
        raise
    finally:
        writing.close()


async def fill(client: Mongo, folder: Path, manifest: Manifest, change: Change) -> int:
    """Write every document, read all back, then build the indexes. Returns how many were changed."""
    changed = 0
    for database, collections in manifest.databases.items():
        for name, one in collections.items():
            options = json_util.loads(json.dumps(one.options))
            await client[database].create_collection(name, check_exists=False, **options)
            target = client[database][name].with_options(
                RAW, write_concern=WriteConcern("majority")
            )
            file = collection_file(folder, database, name)
            written, different = await _fill(target, file, partial(change, name))
            changed += different
            if (there := await _sum_of(target)) != written or there.count != one.count:
                raise Wrong(f"{database}.{name} is not what was written: {there.count} documents.")
            if one.indexes:  # last: one that lets documents expire would change the count
                indexes = json_util.loads(json.dumps(one.indexes))
                await client[database].command("createIndexes", name, indexes=indexes)
        count = sum(one.count for one in collections.values())
        tell(f"MongoDB: {database}, {count} documents, each read back")
    return changed


async def _fill(target: Any, file: Path, change: Callable[[Document], Document]) -> tuple[Sum, int]:
    """Returns the sum of what was written, and how many documents are not as in the backup."""
    written = Sum()
    batch: list[Any] = []
    size = changed = 0
    for raw in reading(file):
        before = decoded(raw)
        after = change(before)
        content = raw if after is before else bson.encode(after)
        changed += after is not before
        written.add(content)
        batch.append(RawBSONDocument(content))
        size += len(content)
        if size > BATCH_BYTES or len(batch) == BATCH:
            await target.insert_many(batch)
            batch, size = [], 0
    if batch:
        await target.insert_many(batch)
    return written, changed


async def _sum_of(collection: Any) -> Sum:
    found = Sum()
    async for one in collection.find({}):
        found.add(one.raw)
    return found


async def databases(client: Mongo) -> list[str]:
    return [name for name in sorted(await client.list_database_names()) if name not in INNER]


async def found_in(client: Mongo) -> list[str]:
    """What a MongoDB holds that should be empty."""
    return [
        f"{database}.{name}"
        for database in await databases(client)
        for name in sorted(await client[database].list_collection_names())
        if await client[database][name].find_one({}, {"_id": 1})
    ]


def _plain(found: Any) -> Document:
    """MongoDB's extended JSON. The namespace of an older server's indexes is no part of them."""
    plain: Document = json.loads(json_util.dumps(found, json_options=RELAXED))
    plain.pop("ns", None)
    return plain
