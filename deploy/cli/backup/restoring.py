"""Filling an empty Kafka and an empty MongoDB from a backup, and reading all of it back."""

from dataclasses import dataclass
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from deploy.cli import reach
from deploy.cli.backup import documents, records
from deploy.cli.backup.manifest import Manifest, read_manifest
from deploy.cli.backup.positions import moving
from deploy.cli.terminal import Wrong, tell
from shared.runtime.settings import Settings
from shared.storage.layout import LEASES

NAMED = 8  # of what is in the way


@dataclass(frozen=True)
class Restored:
    manifest: Manifest
    moved: int  # documents whose offsets are others now
    forgotten: int  # records that Kafka has let go again, as their topics say


async def restore(where: Settings, folder: Path) -> Restored:
    """Raises Wrong, before anything is written, unless the backup is whole and both are empty."""
    manifest = read_manifest(folder)
    tell(f"The backup of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC is whole.")
    async with reach.mongo(where) as client, reach.admin(where) as admin:
        await _must_be_empty(where, client, admin)
        try:
            await records.declare(admin, manifest)
            places = await records.fill(where, folder, manifest)
            moved = await documents.fill(client, folder, manifest, moving(places))
            forgotten = await records.verify(where, folder, manifest)
        except BaseException:
            tell("What was restored so far stays; empty Kafka and MongoDB before another try.")
            raise
    tell("Every record was read back.")
    return Restored(manifest, moved, forgotten)


async def _must_be_empty(where: Settings, client: reach.Mongo, admin: AIOKafkaAdminClient) -> None:
    taken = {"$expr": {"$gt": ["$until", "$$NOW"]}}
    working = [
        name for name in await reach.services(client) if await client[name][LEASES].find_one(taken)
    ]
    if working:
        raise Wrong(f"Stop the services first: {', '.join(working)} work.")
    filled = [tp for tp, end in (await records.ends(where)).items() if end]
    topics = [f"the topic {name}" for name in sorted({tp.topic for tp in filled})]
    if there := [*await documents.found_in(client), *topics]:
        more = f" and {len(there) - NAMED} more" if len(there) > NAMED else ""
        raise Wrong(
            "A backup is restored into an empty MongoDB and an empty Kafka only. There is:"
            f" {', '.join(there[:NAMED])}{more}."
        )
