"""copse backup, copse restore."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import reach
from deploy.cli.backup import restoring, taking
from deploy.cli.terminal import Json, answering, document, say


@answering
async def backup(
    folder: Annotated[Path, typer.Argument(help="Where to; it must not be there yet.")],
    json: Json = False,
) -> None:
    """Write all of MongoDB and Kafka to a folder, while services go on. It holds personal data."""
    manifest = await taking.take(reach.settings(), folder.absolute())
    found = {
        "folder": str(folder),
        "taken_at": manifest.taken_at,
        "documents": manifest.documents,
        "records": manifest.records,
    }
    if json:
        return document(found)
    say(f"{folder}: {manifest.documents} documents, {manifest.records} records")
    return None


@answering
async def restore(
    folder: Annotated[Path, typer.Argument(help="What a backup wrote.")],
    json: Json = False,
) -> None:
    """Fill an empty Kafka and an empty MongoDB from a backup, before any service is started."""
    done = await restoring.restore(reach.settings(), folder.absolute())
    found = {
        "folder": str(folder),
        "taken_at": done.manifest.taken_at,
        "documents": done.manifest.documents,
        "records": done.manifest.records,
        "moved": done.moved,
        "forgotten": done.forgotten,
    }
    if json:
        return document(found)
    say(f"{done.manifest.documents} documents and {done.manifest.records} records are restored.")
    if done.moved:
        say(f"{done.moved} documents name new offsets: compaction had left gaps in the old topics.")
    if done.forgotten:
        say(f"{done.forgotten} records are gone again, as their topics' retention says.")
    say("Now start the services.")
    return None
