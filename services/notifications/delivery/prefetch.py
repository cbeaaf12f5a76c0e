"""Looks ahead at what is due: what many deliveries depend on is looked up together."""

import asyncio
import time

from services.notifications.delivery import store
from services.notifications.delivery.model import Pending
from services.notifications.telling.model import Notification
from shared.storage.database import Database
from shared.storage.failures import is_outage

AHEAD = 100
FRESH_SECONDS = 2.0
"""How long what was looked up holds: an attempt begun later than this after a change knows of it."""


class Prefetch:
    """What one replica knows of what it is about to send by a channel."""

    def __init__(self, database: Database, public_url: str, takes: store.Takes) -> None:
        self._database = database
        self._public_url = public_url
        self._takes = takes
        self._due: dict[str, Notification] = {}
        self._pending: dict[str, Pending] = {}
        self._looking = asyncio.Lock()

    async def look(self) -> int:
        """How many are due, at most a hundred; what they depend on is known from now on."""
        due = await store.due(self._database, self._takes, AHEAD)
        self._due = {notification.notification_id: notification for notification in due}
        await self._look_up()
        return len(due)

    async def take(self, notification: Notification) -> Pending | None:
        """What is known of it and fresh enough; None if nothing is."""
        id = notification.notification_id
        async with self._looking:
            pending = self._pending.get(id)
            if pending and time.monotonic() - pending.looked_at > FRESH_SECONDS:
                await self._look_up()  # on a slow machine too, it is together that it costs little
            self._due.pop(id, None)
            return self._pending.pop(id, None)

    async def look_up(self, notification: Notification) -> Pending:
        """What holds at this very moment."""
        pending = await store.look_up(self._database, self._public_url, [notification])
        return pending[notification.notification_id]

    async def _look_up(self) -> None:
        self._pending = {}
        try:
            if self._due:
                due = [*self._due.values()]
                self._pending = await store.look_up(self._database, self._public_url, due)
        except Exception as error:  # one of them spoils it: each is looked up alone
            if is_outage(error):
                raise
