"""Notices become notifications, a moment after the event's transaction: a fan-out may be long."""

from services.notifications.telling import store
from shared.consuming.handlers import Handlers
from shared.observability.logs import log
from shared.runtime.runtime import Runtime
from shared.runtime.settings import Settings
from shared.storage.failures import is_outage

LOOK_SECONDS = 1.0  # for what another replica left to do; what is done here wakes at once
DELIVER = "deliver"
"""The chore that there is something to do for, once people have their notifications."""

on = Handlers("notifications")


@on.every(seconds=LOOK_SECONDS)
async def tell_newcomers(runtime: Runtime[Settings]) -> bool:
    """Tell who joined what their community is being told these days."""
    return await store.tell_newcomers(runtime.database)


@on.every(seconds=LOOK_SECONDS)
async def tell(runtime: Runtime[Settings]) -> None:
    """Give everybody concerned by the open notices their notification."""
    database = runtime.database
    while open_notice := await store.claim_notice(database):
        try:
            people = await store.expand(database, open_notice)
            await store.finish_notice(database, open_notice, people)
        except Exception as error:  # its lease keeps it back for a while; the others go on
            if is_outage(error):
                raise
            log.error("a notice cannot be told", notice=open_notice.notice_id, exc_info=error)
        database.wake(DELIVER)
