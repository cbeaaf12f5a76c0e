"""Sends what is queued for a channel, over connections that stay open; waits while its server is away."""

import asyncio
import time
from typing import Generic

from services.notifications.delivery import metrics, store
from services.notifications.delivery.channel import Away, Channel, Connection, Ready
from services.notifications.delivery.dispatch import Dispatch
from services.notifications.delivery.prefetch import Prefetch
from shared.backoff import Backoff
from shared.observability.logs import log
from shared.storage.database import Database

SWEEP_SECONDS = 1.0
IDLE_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15.0
GRACE_SECONDS = 10.0


class Sender(Generic[Ready]):
    """One replica's sender for a channel: its connections, and since when the server is away."""

    def __init__(
        self, database: Database, public_url: str, channel: Channel[Ready], takes: store.Takes
    ) -> None:
        self._database = database
        self._channel = channel
        self._takes = takes
        self._prefetch = Prefetch(database, public_url, takes)
        self._dispatch = Dispatch(database, channel, self._prefetch, takes)
        self._idle: list[Connection[Ready]] = []
        self._under_way: set[asyncio.Task[bool]] = set()
        self._swept_at = 0.0
        self._away_until = 0.0
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self._due = 0
        metrics.begin(channel.name)

    async def work(self) -> bool:
        """One turn: until nothing is due any more, or the server is away."""
        if time.monotonic() - self._swept_at > SWEEP_SECONDS:
            await self._sweep()
        sent_some = False
        while not self._is_away and (due := await self._prefetch.look()):
            self._due = due
            workers = [self._send_some() for _ in range(min(self._channel.connections, due))]
            try:
                ends = await asyncio.gather(*workers, return_exceptions=True)
            except asyncio.CancelledError:
                await self._finish()
                raise
            for end in ends:
                if isinstance(end, BaseException):
                    raise end
            sent_some = True
        return sent_some

    async def hang_up(self) -> None:
        """End the connections."""
        while self._idle:
            await self._idle.pop().quit()

    @property
    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    async def _send_some(self) -> None:
        """Claim and send over one connection, until nothing is due of what was seen ahead."""
        connection = self._idle.pop() if self._idle else self._channel.connect()
        try:
            while self._due > 0 and not self._is_away:
                self._due -= 1
                # Before a claim, so that a server that is away costs no message anything.
                await connection.open()
                self._backoff.reset()
                metrics.SERVER_AWAY.labels(self._channel.name).set(0)
                if not await self._next(connection):
                    return
        except Away as away:
            self._wait(str(away))
        finally:
            if connection.is_open:
                self._idle.append(connection)

    async def _next(self, connection: Connection[Ready]) -> bool:
        """What has begun is finished, also when the service ends meanwhile."""
        task = asyncio.create_task(self._dispatch.next(connection))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    def _wait(self, why: str) -> None:
        """The server is away: try again soon, then less and less often. No message has lost an attempt."""
        if self._is_away:
            return
        pause = self._backoff.pause()
        self._away_until = time.monotonic() + pause
        metrics.SERVER_AWAY.labels(self._channel.name).set(1)
        log.warning("the mail server is away", why=why, again_in=round(pause, 2))

    async def _sweep(self) -> None:
        self._swept_at = time.monotonic()
        if lapsed := await store.give_up_on_lapsed(self._database):
            metrics.MESSAGES.labels(self._channel.name, "unknown").inc(lapsed)
            log.error("nobody knows whether these mails were sent", mails=lapsed)
        for connection in [*self._idle]:
            if time.monotonic() - connection.used_at > IDLE_SECONDS:
                self._idle.remove(connection)
                await connection.quit()

    async def _finish(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=GRACE_SECONDS)
        await self.hang_up()
