"""From an upload to a file that is kept: measured, looked into, scanned, stored."""

import asyncio

from fastapi import Request, UploadFile

from services.resources import store
from services.resources.model import File, inspect
from services.resources.settings import ResourceSettings
from shared.errors import TooLarge
from shared.events.event import new_id
from shared.runtime.runtime import running


class FileTooLarge(TooLarge):
    """The file is too large."""


async def receive(request: Request, file: UploadFile) -> File:
    """Keep a file's bytes for the command to adopt; a command that runs twice keeps them once.

    Call it before the first read of the transaction: it takes longer than MongoDB lets one last.
    """
    kept: File | None = getattr(request.state, "kept", None)
    if kept is None:
        kept = request.state.kept = await _receive(request, file)
    return kept


async def _receive(request: Request, file: UploadFile) -> File:
    runtime = running(request, ResourceSettings)
    settings = runtime.settings
    if (file.size or 0) > settings.file_limit:
        raise FileTooLarge(f"A file may have {settings.file_limit:,} bytes. Share a link to it.")
    content = await file.read()
    inspected = await asyncio.to_thread(inspect, file.filename or "", content)
    await store.require_clean(settings.clamd, content)
    blob_id = new_id()
    await store.keep(runtime.database, blob_id, content)
    return File(**inspected._asdict(), blob_id=blob_id)
