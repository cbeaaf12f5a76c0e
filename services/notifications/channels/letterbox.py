"""Decides whether a mail may go now, and makes it ready."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from email_validator import EmailNotValidError

from services.notifications import store
from services.notifications.channels import mail
from services.notifications.channels.invite import calendar_part
from services.notifications.model import (
    Message,
    Next,
    Notification,
    Preferences,
    Subscription,
    waiting,
)
from services.notifications.settings import NotificationSettings
from services.notifications.store import Letter
from shared.errors import Problem
from shared.icalendar import Address
from shared.storage.database import Database
from shared.types.addresses import ascii_address
from shared.types.clock import now


class Undeliverable(Exception):
    """A mail is not to be sent, or not now; `step` says what becomes of it."""

    def __init__(self, step: Next) -> None:
        super().__init__(step.reason)
        self.step = step


@dataclass(frozen=True, slots=True)
class Ready:
    """A mail that may go."""

    sender: str
    recipient: str
    mail: bytes
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a mail depends on, as it was at one moment."""

    letter: Letter
    chosen: Preferences
    before: list[Notification]
    subscription: Subscription
    looked_at: float
    """By the monotonic clock."""


async def look_up(database: Database, items: Sequence[Notification]) -> dict[str, Facts]:
    """The facts for some mails, by their ids; for many at once it costs little more than for one."""
    moment, reading = time.monotonic(), database.reading()
    kinds = [(one.person_id, one.category, one.community_id) for one in items]
    letters, chosen, before, subscriptions = await asyncio.gather(
        store.letters(reading, items),
        store.choices_of(reading, [one.person_id for one in items]),
        store.threads_before(database, items),
        store.subscribed(database, kinds),
    )
    return {
        one.notification_id: Facts(
            letter,
            chosen[one.person_id],
            before[one.notification_id],
            subscriptions[kind],
            moment,
        )
        for one, kind, letter in zip(items, kinds, letters, strict=True)
    }


async def prepare(database: Database, settings: NotificationSettings, facts: Facts) -> Ready:
    """A mail made from its facts. Undeliverable if it must wait, may not go, or never can."""
    letter, chosen, before = facts.letter, facts.chosen, facts.before
    one = letter.one
    if why := chosen.refuse(one.category, one.community_id):
        raise Undeliverable(Next(state="suppressed", next_at=now(), reason=why))
    _nothing_lacks(letter, before)
    links = links_for(settings.public_url, facts.subscription.token, one.notification_id)
    try:
        recipient = Address(ascii_address(letter.person["email"]), letter.person.get("name", ""))
        message = await _message(database, letter, links)
    except EmailNotValidError as error:
        reason = f"the address is not one mail can be sent to: {type(error).__name__}"
        raise Undeliverable(Next(state="failed", next_at=now(), reason=reason)) from None
    except Problem as problem:
        reason = f"the template {one.category}/{letter.template.template_id}: {problem.detail}"
        raise Undeliverable(Next(state="failed", next_at=now(), reason=reason[:500])) from None
    domain = settings.sender.email.rpartition("@")[2]
    thread = tuple(message_id(other, domain) for other in before if other.state == "sent")
    trace = letter.notice.traceparent
    envelope = mail.Envelope(
        sender=settings.sender,
        recipient=recipient,
        message_id=message_id(one, domain),
        thread=thread,
        reason=letter.category.reason,
        unsubscribe=links["preferences"],
        sent_at=now(),
        traceparent=trace,
    )
    whole = mail.write(message, envelope, calendar_part(letter, settings.sender, recipient))
    return Ready(settings.sender.email, recipient.email, whole, trace)


def links_for(public_url: str, token: str, notification_id: str) -> dict[str, str]:
    """Where a mail's links lead; they open without signing in."""
    base = public_url.rstrip("/")
    return {
        "message": f"{base}/messages/{token}/{notification_id}",
        "preferences": f"{base}/unsubscribe/{token}",
    }


def message_id(one: Notification, domain: str) -> str:
    """The same at every try, so that a receiver can tell a repetition."""
    return f"<{one.notification_id}@{domain}>"


def _nothing_lacks(letter: Letter, before: list[Notification]) -> None:
    lack = None
    if not letter.person.get("email"):
        lack = "the recipient's address is not known yet"
    elif letter.notice.community_id and letter.known.community is None:
        lack = "the community is not known yet"
    elif any(other.state in ("queued", "sending") for other in before):
        lack = "an earlier mail about the same meeting goes first"
    if lack:
        raise Undeliverable(waiting(lack, letter.one, now()))


async def _message(database: Database, letter: Letter, links: dict[str, str]) -> Message:
    if letter.is_confidential:
        words = await store.neutral_template(database.reading())
        return letter.neutral_message(links, words)
    return letter.message(links)
