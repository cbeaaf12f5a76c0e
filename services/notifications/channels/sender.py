"""Sends what is queued: claim, try once, record. A try that nobody can tell the end of is never repeated."""

import asyncio
import time
from typing import get_args

from opentelemetry.trace import Span, SpanKind, StatusCode
from prometheus_client import Counter, Gauge

from services.notifications import store
from services.notifications.channels.ahead import Ahead
from services.notifications.channels.letterbox import Ready, Undeliverable
from services.notifications.channels.smtp import TOO_LONG, Away, Connection, Sent
from services.notifications.model import Next, Notification, Outcome, Try, after
from services.notifications.settings import NotificationSettings
from shared.backoff import Backoff
from shared.events.event import new_id
from shared.observability.logs import log
from shared.observability.traces import span
from shared.storage.database import Database, is_outage
from shared.types.clock import now

MAILS = Counter("copse_mails", "Mails by how a try to send them ended", ["outcome"])
SERVER_AWAY = Gauge("copse_mail_server_away", "1 while the mail server takes no mail of ours")
for _outcome in (*get_args(Outcome), "away"):
    MAILS.labels(_outcome)  # there from the start: an increase from nothing is not seen as one
SWEEP_SECONDS = 1.0
IDLE_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15.0
GRACE_SECONDS = 10.0


class Sender:
    """One replica's sender: its connections, and since when the mail server is away."""

    def __init__(self, database: Database, settings: NotificationSettings) -> None:
        self._database = database
        self._settings = settings
        self._idle: list[Connection] = []
        self._under_way: set[asyncio.Task[bool]] = set()
        self._swept_at = 0.0
        self._away_until = 0.0
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self._ahead = Ahead(database, self._settings)
        self._due = 0

    async def work(self) -> bool:
        """One turn: until nothing is due any more, or the mail server is away."""
        if time.monotonic() - self._swept_at > SWEEP_SECONDS:
            await self._sweep()
        if time.monotonic() < self._away_until:
            return False
        something = False
        most = self._settings.mail_connections
        while due := await self._ahead.look():
            self._due = due
            try:
                ends = await asyncio.gather(
                    *(self._send_some() for _ in range(min(most, due))), return_exceptions=True
                )
            except asyncio.CancelledError:
                await self._finish()
                raise
            for end in ends:
                if isinstance(end, Away):
                    self._wait(str(end))
                elif isinstance(end, BaseException):
                    raise end
            something = True
            if time.monotonic() < self._away_until:
                break
        return something

    async def _sweep(self) -> None:
        self._swept_at = time.monotonic()
        if lapsed := await store.give_up_on_lapsed(self._database):
            MAILS.labels("unknown").inc(lapsed)
            log.error("nobody knows whether these mails were sent", mails=lapsed)
        for connection in [*self._idle]:
            if time.monotonic() - connection.used_at > IDLE_SECONDS:
                self._idle.remove(connection)
                await connection.quit()

    def _wait(self, why: str) -> None:
        """The server is away: try again soon, then less and less often. No mail has lost an attempt."""
        if time.monotonic() >= self._away_until:
            pause = self._backoff.pause()
            self._away_until = time.monotonic() + pause
            SERVER_AWAY.set(1)
            log.warning("the mail server is away", why=why, again_in=round(pause, 2))

    async def _send_some(self) -> None:
        """Claim and send over one connection, until nothing is due of what was seen ahead."""
        connection = self._idle.pop() if self._idle else Connection(self._settings)
        try:
            while self._due > 0:
                self._due -= 1
                if time.monotonic() < self._away_until:
                    return
                # Before a claim, so that a server that is away costs no mail anything.
                await connection.open()
                self._backoff.reset()
                SERVER_AWAY.set(0)
                task = asyncio.create_task(self._send_next(connection))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
                if not await asyncio.shield(task):  # a service that ends lets it finish
                    return
        finally:
            if connection.is_open:
                self._idle.append(connection)

    async def _finish(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=GRACE_SECONDS)
        await self.hang_up()

    async def hang_up(self) -> None:
        """End the connections."""
        while self._idle:
            await self._idle.pop().quit()

    async def _send_next(self, connection: Connection) -> bool:
        """Claim a mail and send it. False if none is due."""
        attempt, began = new_id(), time.monotonic()  # the lease begins later than this
        one = await store.claim(self._database, attempt, self._settings.mail_lease_seconds)
        if one is not None:
            await self._send_one(connection, one, attempt, began)
        return one is not None

    async def _send_one(
        self, connection: Connection, one: Notification, attempt: str, began: float
    ) -> None:
        try:
            ready = await self._ahead.prepare(one)
        except Undeliverable as reason:
            tried = Try(at=now(), outcome=reason.step.state, detail=reason.step.reason or "")
            trail = None if reason.step.state == "queued" else tried
            await self._record(one, attempt, reason.step, trail, looked=True)
            return
        except Exception as error:  # nothing was sent: it may be tried again
            why = repr(error)[:300]
            log.warning("a mail cannot be made", notification=one.notification_id, why=why)
            step = after("broken", type(error).__name__, one.attempts + 1, now())
            tried = Try(at=now(), outcome="broken", detail=type(error).__name__)
            await self._record(one, attempt, step, tried, counted=not is_outage(error))
            return
        with span("send mail", SpanKind.CLIENT, ready.traceparent) as current:
            sent = await self._try(connection, ready, began)
            if current.is_recording():
                _tell(current, sent, one)
            await self._settle(one, attempt, sent)

    async def _try(self, connection: Connection, ready: Ready, began: float) -> Sent:
        """One try, well within the lease: nobody else can have taken it for lapsed."""
        ends = began + self._settings.mail_lease_seconds / 2
        try:
            async with asyncio.timeout(ends - time.monotonic()):
                return await connection.send(ready.sender, ready.recipient, ready.mail, until=ends)
        except TimeoutError:
            return connection.break_off(TOO_LONG)

    async def _settle(self, one: Notification, attempt: str, sent: Sent) -> None:
        MAILS.labels(sent.outcome).inc()
        log.info("mail", notification=one.notification_id, outcome=sent.outcome, detail=sent.detail)
        tried = Try(at=now(), outcome=sent.outcome, detail=sent.detail)
        if sent.outcome == "away":
            self._wait(sent.detail)
            step = Next(state="queued", next_at=now(), reason=sent.detail)
            await self._record(one, attempt, step, None)
            return
        step = after(sent.outcome, sent.detail, one.attempts + 1, now())
        await self._record(one, attempt, step, tried, counted=True)

    async def _record(
        self,
        one: Notification,
        attempt: str,
        step: Next,
        tried: Try | None,
        *,
        counted: bool = False,
        looked: bool = False,
    ) -> None:
        """Keep what is known, however long MongoDB is away: nobody else knows it."""
        backoff = Backoff(0.1, 5)
        while True:
            try:
                known = await store.record(
                    self._database, one, attempt, step, tried, counted=counted, looked=looked
                )
            except Exception as error:
                if not is_outage(error):
                    raise
                await backoff.wait()
            else:
                if not known:
                    log.error("a mail was sent by two", notification=one.notification_id)
                return


def _tell(span: Span, sent: Sent, one: Notification) -> None:
    """Neither the recipient nor the server's words, which may repeat the address."""
    span.set_attributes({"copse.outcome": sent.outcome, "copse.try": one.attempts + 1})
    if sent.outcome != "sent":
        span.set_status(StatusCode.ERROR, sent.outcome)
