"""A message as bytes on their way to one person (RFC 5322, 2045; invitations RFC 6047)."""

from base64 import b64encode, encodebytes
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, quote

from services.notifications.telling.model import Part
from services.notifications.wording.model import Message, line
from services.notifications.wording.rendering import html, plain
from shared.icalendar import Address

LONGEST_NAME = 100
LONGEST_PLAIN = 900  # characters of a header in one line, which may have 998 (RFC 5322, 2.1.1)


@dataclass(frozen=True, slots=True)
class Headers:
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


def compose(message: Message, around: Headers, calendar: Part | None = None) -> bytes:
    """The whole mail. Lines end with CRLF; no text of anybody's can begin a header, or end a part.

    By hand, because the library is slow, and folds and quotes what must stay as it is.
    """
    why = around.reason, around.unsubscribe
    parts = [_text("plain", plain(message, *why)), _text("html", html(message, *why))]
    if calendar is None:
        body = _multipart("alternative", parts)
    else:
        method, entry = calendar
        # Not in quotes: some programs look for these very letters.
        parts.append(_base64(f"text/calendar; charset=utf-8; method={method}", entry))
        file = _base64("application/ics; name=invite.ics", entry, "invite.ics")
        body = _multipart("mixed", [_multipart("alternative", parts), file])
    return _headers(message, around) + b"MIME-Version: 1.0\r\n" + body


def _text(kind: str, text: str) -> bytes:
    encoded = b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)
    head = (
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    )
    return head.encode() + b"\r\n\r\n" + encoded


def _base64(kind: str, data: bytes, filename: str = "") -> bytes:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
    if filename:
        head += f"Content-Disposition: attachment; filename={filename}\r\n"
    return head.encode() + b"\r\n" + encodebytes(data).replace(b"\n", b"\r\n")


def _multipart(kind: str, parts: list[bytes]) -> bytes:
    edge = f"=_{kind}"  # neither quoted-printable nor base64 can hold `=_` (RFC 2045, 6.7)
    head = f'Content-Type: multipart/{kind}; boundary="{edge}"\r\n\r\n'
    inner = b"".join(f"--{edge}\r\n".encode() + part + b"\r\n" for part in parts)
    return head.encode() + inner + f"--{edge}--\r\n".encode()


def _headers(message: Message, around: Headers) -> bytes:
    """The message's own headers. Python would fold long links into encoded words, and break them."""
    headers = {
        "Message-ID": around.message_id,
        "Date": format_datetime(around.sent_at),
        "Subject": _words(message.subject),
        "From": _mailbox(around.sender),
        "To": _mailbox(around.recipient),
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{around.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    if around.thread:
        # References may grow long; those in the middle may go (RFC 5322, 3.6.4).
        headers["In-Reply-To"] = around.thread[-1]
        headers["References"] = " ".join((around.thread[0], *around.thread[1:][-9:]))
    if around.traceparent:
        headers["traceparent"] = around.traceparent
    lines = (f"{name}: {value}\r\n" for name, value in headers.items())
    return "".join(lines).encode("ascii")


def _words(text: str) -> str:
    """Anybody's text in a header: on one line, or in encoded words of 60 characters (RFC 2047)."""
    said = line(text)
    if said.isascii() and "=?" not in said and len(said) <= LONGEST_PLAIN:
        return said
    words = [b""]
    for encoded in (character.encode() for character in said):
        if len(words[-1]) + len(encoded) > 36:
            words.append(b"")
        words[-1] += encoded
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)


def _mailbox(address: Address) -> str:
    name = line(address.name)[:LONGEST_NAME].strip()
    if not name:
        return address.email
    encoded = _words(name)
    phrase = f'"{quote(name)}"' if encoded == name else encoded
    return f"{phrase} <{address.email}>"
