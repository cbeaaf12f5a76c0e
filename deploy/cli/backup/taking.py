"""Taking a backup while services work: relays are held for some seconds, state and ends are caught, all is read.

While nothing leaves the outboxes, MongoDB's moment is fixed first and Kafka's ends are read after it: whatever the
topics hold by then, its owner's state knows, and no watermark is beyond the ends. What is not published yet is in an
outbox of the backup, and will be.
"""

from pathlib import Path
from typing import Any

from deploy.cli import reach
from deploy.cli.backup import documents, records
from deploy.cli.backup.fence import publishing_held
from deploy.cli.backup.manifest import Manifest, taken, whole_or_not_there, write_manifest
from deploy.cli.terminal import tell
from shared.runtime.settings import Settings
from shared.storage.layout import LEASES
from shared.types.clock import now


async def take(where: Settings, folder: Path) -> Manifest:
    """Everything that MongoDB and Kafka hold, in a folder that is not there before it is whole."""
    with whole_or_not_there(folder) as unfinished:
        async with reach.mongo(where) as client, client.start_session(snapshot=True) as session:
            manifest, ends = await _moment(where, client, session)
            await documents.dump(client, session, unfinished, manifest)
        await records.dump(where, ends, unfinished, manifest)
        write_manifest(unfinished, manifest)
    return manifest


async def _moment(
    where: Settings, client: reach.Mongo, session: Any
) -> tuple[Manifest, records.Offsets]:
    services = await reach.services(client)
    await records.ends(where)  # a Kafka that is away is found before anything is held
    async with publishing_held(client, services) as fence:
        for name in services or ["admin"]:  # the first read fixes the session's moment
            await client[name][LEASES].find_one({}, session=session)
        manifest = taken(now(), session.operation_time)
        ends = await records.ends(where)
        await fence.check()
    tell("The moment is caught; publishing goes on.")
    return manifest, ends
