"""Looks ahead at what is due: what many mails depend on is looked up together."""

import asyncio
import time

from services.notifications import store
from services.notifications.channels.letterbox import Facts, Ready, Undeliverable, look_up, prepare
from services.notifications.model import Notification
from services.notifications.settings import NotificationSettings
from shared.storage.database import Database, is_outage

MAILS = 100
FRESH_SECONDS = 2.0
"""How long what was looked up holds: a mail begun later than this after a change knows of it."""


class Ahead:
    """What one replica knows of the mails it is about to send."""

    def __init__(self, database: Database, settings: NotificationSettings) -> None:
        self._database = database
        self._settings = settings
        self._due: dict[str, Notification] = {}
        self._facts: dict[str, Facts] = {}
        self._looking = asyncio.Lock()

    async def look(self) -> int:
        """How many mails are due, at most a hundred; what they depend on is known from now on."""
        due = await store.due(self._database, MAILS)
        self._due = {one.notification_id: one for one in due}
        await self._look_up()
        return len(due)

    async def prepare(self, one: Notification) -> Ready:
        """A mail ready to go. Undeliverable only because of what holds at this very moment."""
        if facts := await self._fresh(one.notification_id):
            try:
                return await prepare(self._database, self._settings, facts)
            except Undeliverable:
                pass
        found = await look_up(self._database, [one])
        return await prepare(self._database, self._settings, found[one.notification_id])

    async def _fresh(self, id: str) -> Facts | None:
        async with self._looking:
            facts = self._facts.get(id)
            if facts and time.monotonic() - facts.looked_at > FRESH_SECONDS:
                await self._look_up()  # on a slow machine too, it is together that it costs little
            self._due.pop(id, None)
            return self._facts.pop(id, None)

    async def _look_up(self) -> None:
        self._facts = {}
        try:
            if self._due:
                self._facts = await look_up(self._database, [*self._due.values()])
        except Exception as error:  # one of them spoils it: each is looked up alone
            if is_outage(error):
                raise
