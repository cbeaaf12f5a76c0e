"""Mail as a channel: whom it reaches, and what a message becomes on its way there."""

from datetime import datetime

from email_validator import EmailNotValidError

from services.notifications.delivery.mail.composing import Headers, compose
from services.notifications.delivery.mail.smtp import Composed, Connection
from services.notifications.delivery.model import Pending, Transition, Undeliverable, waiting
from services.notifications.settings import NotificationSettings
from services.notifications.telling.model import Notification, calendar_part
from shared.icalendar import Address
from shared.types.addresses import ascii_address


class Mail:
    """Everybody has an address, or will have one soon."""

    name = "mail"

    def __init__(self, settings: NotificationSettings) -> None:
        self._settings = settings
        self._domain = settings.sender.email.rpartition("@")[2]

    @property
    def connections(self) -> int:
        return self._settings.mail_connections

    @property
    def lease_seconds(self) -> float:
        return self._settings.mail_lease_seconds

    def reaches(self, pending: Pending) -> bool:
        return True

    def connect(self) -> Connection:
        return Connection(self._settings)

    def prepare(self, pending: Pending, at: datetime) -> Composed:
        """The mail as bytes, with a calendar entry where the notice is about one."""
        rendering, sender = pending.rendering, self._settings.sender
        recipient = _recipient(pending, at)
        around = Headers(
            sender=sender,
            recipient=recipient,
            message_id=self._message_id(pending.notification),
            thread=tuple(
                self._message_id(earlier)
                for earlier in pending.before
                if earlier.state == "sent" and earlier.channel in (None, self.name)
            ),
            reason=rendering.category.reason,
            unsubscribe=pending.links["preferences"],
            sent_at=at,
            traceparent=rendering.notice.traceparent,
        )
        calendar = calendar_part(rendering, sender, recipient)
        mail = compose(pending.message(), around, calendar)
        return Composed(sender.email, recipient.email, mail)

    def _message_id(self, notification: Notification) -> str:
        """The same at every attempt, so that a receiver can tell a repetition."""
        return f"<{notification.notification_id}@{self._domain}>"


def _recipient(pending: Pending, at: datetime) -> Address:
    """Whom the mail is for. Undeliverable without an address, or with one that is none."""
    person = pending.rendering.person
    if not person.get("email"):
        lack = "the recipient's address is not known yet"
        raise Undeliverable(waiting(lack, pending.notification, at))
    try:
        return Address(ascii_address(person["email"]), person.get("name", ""))
    except EmailNotValidError as error:
        reason = f"the address is not one mail can be sent to: {type(error).__name__}"
        raise Undeliverable(Transition(state="failed", next_at=at, reason=reason)) from None
