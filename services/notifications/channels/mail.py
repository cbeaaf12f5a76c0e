"""A message as bytes on their way to one person (RFC 5322, 2045; invitations RFC 6047)."""

from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP

from markupsafe import Markup

from services.notifications.channels.invite import Part
from services.notifications.channels.pages import page
from services.notifications.model import Message, line
from shared.calendar import Address


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything around a message's words. Addresses are ASCII, ids and links hold no blanks."""

    sender: Address
    recipient: Address
    message_id: str
    thread: tuple[str, ...]
    """The message ids of what the recipient got before about the same thing, the first first."""
    reason: str
    unsubscribe: str
    sent_at: datetime
    traceparent: str | None = None

    def continuing(self, traceparent: str | None) -> "Envelope":
        """The same, within a trace."""
        return replace(self, traceparent=traceparent)


def write(message: Message, envelope: Envelope, invite: Part | None = None) -> bytes:
    """The whole mail. Lines end with CRLF; no text of anybody's can begin a header."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = message.subject
    mail["From"] = _mailbox(envelope.sender)
    mail["To"] = _mailbox(envelope.recipient)
    mail["Date"] = envelope.sent_at
    why = envelope.reason, envelope.unsubscribe
    mail.set_content(plain(message, *why), cte="quoted-printable")
    mail.add_alternative(html(message, *why), subtype="html", cte="quoted-printable")
    if invite:
        method, calendar = invite
        told = {"charset": "utf-8", "method": method}
        mail.add_alternative(
            calendar, maintype="text", subtype="calendar", cte="base64", params=told
        )
        mail.add_attachment(
            calendar, maintype="application", subtype="ics", filename="invite.ics", cte="base64"
        )
    return _unfolded_headers(envelope) + mail.as_bytes()


def _unfolded_headers(envelope: Envelope) -> bytes:
    """Headers of ids and links: folding would turn long ones into encoded words, and break them."""
    headers = {
        "Message-ID": envelope.message_id,
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{envelope.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    if envelope.thread:
        headers |= {"In-Reply-To": envelope.thread[-1], "References": " ".join(envelope.thread)}
    if envelope.traceparent:
        headers["traceparent"] = envelope.traceparent
    lines = [f"{name}: {line(value)}" for name, value in headers.items()]
    return "".join(f"{one[:996]}\r\n" for one in lines).encode("ascii", errors="replace")


def _mailbox(address: Address) -> Mailbox:
    return Mailbox(display_name=line(address.name)[:100], addr_spec=address.email)


def plain(message: Message, reason: str, unsubscribe: str) -> str:
    """A message as text, with what it asks for and why it came."""
    return (
        f"{message.text}\n\n"
        f"{message.action_label}:\n{message.action_url}\n\n"
        f"-- \n{reason}\n"
        f"No more of these mails: {unsubscribe}\n"
    )


def html(message: Message, reason: str, unsubscribe: str) -> str:
    """A message as HTML, with what it asks for and why it came."""
    return page(
        "mail",
        subject=message.subject,
        body=Markup(message.html),  # noqa: S704 - filled in with escaping on, or made from text
        action_label=message.action_label,
        action_url=message.action_url,
        reason=reason,
        unsubscribe=unsubscribe,
    )
