"""One delivery at a time: claimed, made ready, sent once, recorded. What nobody can tell the end of is never repeated."""

import asyncio
import time
from dataclasses import dataclass
from typing import Generic

from opentelemetry.trace import Span, SpanKind, StatusCode

from services.notifications.delivery import store
from services.notifications.delivery.channel import TOO_LONG, Away, Channel, Connection, Ready, Sent
from services.notifications.delivery.metrics import MESSAGES
from services.notifications.delivery.model import (
    Pending,
    Transition,
    Undeliverable,
    after,
    require_deliverable,
)
from services.notifications.delivery.prefetch import Prefetch
from services.notifications.telling.model import Attempt, Notification
from shared.backoff import Backoff
from shared.errors import Problem
from shared.events.event import new_id
from shared.observability.logs import log
from shared.observability.traces import span
from shared.storage.database import Database
from shared.storage.failures import is_outage
from shared.types.clock import now

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A notification that this replica alone may send, until its lease ends."""

    notification: Notification
    attempt: str
    began: float
    """By the monotonic clock; the lease began later."""

    @property
    def tries(self) -> int:
        """How many there were with this one."""
        return self.notification.attempts + 1


class Dispatch(Generic[Ready]):
    """Brings deliveries of a channel on their way."""

    def __init__(
        self, database: Database, channel: Channel[Ready], prefetch: Prefetch, takes: store.Takes
    ) -> None:
        self._database = database
        self._channel = channel
        self._prefetch = prefetch
        self._takes = takes

    async def next(self, connection: Connection[Ready]) -> bool:
        """Claim what is due longest and send it. False if nothing is due; Away if the server took nothing of it."""
        attempt, began = new_id(), time.monotonic()
        notification = await store.claim(
            self._database, self._takes, attempt, self._channel.lease_seconds
        )
        if notification is None:
            return False
        claim = Claim(notification, attempt, began)
        try:
            ready, traceparent = await self._prepare(notification)
        except Undeliverable as refusal:
            await self._hold_back(claim, refusal.transition)
        except Exception as error:  # nothing was sent: it may be tried again
            await self._set_aside(claim, error)
        else:
            with span("send mail", SpanKind.CLIENT, traceparent) as current:
                sent = await self._send(connection, ready, claim)
                if current.is_recording():
                    _describe(current, sent, claim)
                await self._settle(claim, sent)
            if sent.outcome == "away":
                raise Away(sent.detail)
        return True

    async def _prepare(self, notification: Notification) -> tuple[Ready, str | None]:
        """A message, and its trace. Undeliverable only because of what holds at this very moment."""
        if pending := await self._prefetch.take(notification):
            try:
                return self._make(pending)
            except Undeliverable:
                pass
        return self._make(await self._prefetch.look_up(notification))

    def _make(self, pending: Pending) -> tuple[Ready, str | None]:
        at = now()
        require_deliverable(pending, at)
        try:
            ready = self._channel.prepare(pending, at)
        except Problem as problem:
            template = f"{pending.notification.category}/{pending.rendering.template.template_id}"
            reason = f"the template {template}: {problem.detail}"[:500]
            raise Undeliverable(Transition(state="failed", next_at=at, reason=reason)) from None
        return ready, pending.rendering.notice.traceparent

    async def _send(self, connection: Connection[Ready], ready: Ready, claim: Claim) -> Sent:
        """One attempt, well within the lease: nobody else can have taken it for lapsed."""
        until = claim.began + self._channel.lease_seconds / 2
        try:
            async with asyncio.timeout(until - time.monotonic()):
                return await connection.send(ready, until=until)
        except TimeoutError:
            return connection.break_off(TOO_LONG)

    async def _hold_back(self, claim: Claim, to: Transition) -> None:
        attempted = None
        if to.state != "queued":
            attempted = Attempt(at=now(), outcome=to.state, detail=to.reason or "")
        await self._record(claim, to, attempted, looked=True)

    async def _set_aside(self, claim: Claim, error: Exception) -> None:
        id, kind = claim.notification.notification_id, type(error).__name__
        log.warning("a mail cannot be made", notification=id, why=repr(error)[:300])
        to = after("broken", kind, claim.tries, now())
        attempted = Attempt(at=now(), outcome="broken", detail=kind)
        await self._record(claim, to, attempted, counted=not is_outage(error))

    async def _settle(self, claim: Claim, sent: Sent) -> None:
        MESSAGES.labels(self._channel.name, sent.outcome).inc()
        id = claim.notification.notification_id
        log.info("mail", notification=id, outcome=sent.outcome, detail=sent.detail)
        if sent.outcome == "away":  # it has lost no attempt
            to = Transition(state="queued", next_at=now(), reason=sent.detail)
            await self._record(claim, to, None)
            return
        attempted = Attempt(at=now(), outcome=sent.outcome, detail=sent.detail)
        to = after(sent.outcome, sent.detail, claim.tries, now())
        await self._record(claim, to, attempted, counted=True)

    async def _record(
        self,
        claim: Claim,
        to: Transition,
        attempted: Attempt | None,
        *,
        counted: bool = False,
        looked: bool = False,
    ) -> None:
        """Keep what is known, however long MongoDB is away: nobody else knows it."""
        of, attempt = claim.notification, claim.attempt
        backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            try:
                known = await store.record(
                    self._database, of, attempt, to, attempted, counted=counted, looked=looked
                )
            except Exception as error:
                if not is_outage(error):
                    raise
                await backoff.wait()
            else:
                if not known:
                    log.error("a mail was sent by two", notification=of.notification_id)
                return


def _describe(current: Span, sent: Sent, claim: Claim) -> None:
    """Neither the recipient nor the server's words, which may repeat the address."""
    current.set_attributes({"copse.outcome": sent.outcome, "copse.try": claim.tries})
    if sent.outcome != "sent":
        current.set_status(StatusCode.ERROR, sent.outcome)
