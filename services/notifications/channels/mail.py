"""A message as bytes on their way to one person (RFC 5322, 2045; invitations RFC 6047)."""

from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, quote

from markupsafe import Markup

from services.notifications.channels.invite import Part
from services.notifications.channels.pages import page
from services.notifications.model import Message, line
from shared.calendar import Address

LONGEST_NAME = 100


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
    body = EmailMessage(policy=SMTP)
    why = envelope.reason, envelope.unsubscribe
    body.set_content(plain(message, *why), cte="quoted-printable")
    body.add_alternative(html(message, *why), subtype="html", cte="quoted-printable")
    if invite:
        method, calendar = invite
        body.add_alternative(calendar, maintype="text", subtype="calendar", cte="base64")
        for part in body.walk():
            if part.get_content_type() == "text/calendar":
                # Not in quotes: some programs look for these very letters.
                del part["Content-Type"]
                part.set_raw("Content-Type", f"text/calendar; charset=utf-8; method={method}")
        body.add_attachment(
            calendar, maintype="application", subtype="ics", filename="invite.ics", cte="base64"
        )
    return _headers(message, envelope) + body.as_bytes()


def _headers(message: Message, envelope: Envelope) -> bytes:
    """The message's own headers. Python would fold long links into encoded words, and break them."""
    headers = {
        "Message-ID": envelope.message_id,
        "Date": format_datetime(envelope.sent_at),
        "Subject": _words(message.subject),
        "From": _mailbox(envelope.sender),
        "To": _mailbox(envelope.recipient),
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{envelope.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    if envelope.thread:
        # References may grow long; those in the middle may go (RFC 5322, 3.6.4).
        headers["In-Reply-To"] = envelope.thread[-1]
        headers["References"] = " ".join((envelope.thread[0], *envelope.thread[1:][-9:]))
    if envelope.traceparent:
        headers["traceparent"] = envelope.traceparent
    lines = (f"{name}: {value}\r\n" for name, value in headers.items())
    return "".join(lines).encode("ascii")


def _words(text: str) -> str:
    """Anybody's text in a header: on one line, or in encoded words of 60 characters (RFC 2047)."""
    said = line(text)
    if said.isascii() and "=?" not in said:
        return said
    words = [b""]
    for one in (character.encode() for character in said):
        if len(words[-1]) + len(one) > 36:
            words.append(b"")
        words[-1] += one
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)


def _mailbox(address: Address) -> str:
    name = line(address.name)[:LONGEST_NAME].strip()
    if not name:
        return address.email
    encoded = _words(name)
    phrase = f'"{quote(name)}"' if encoded == name else encoded
    return f"{phrase} <{address.email}>"


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
