"""One mail, read as kindly as its bytes allow: nothing in a mail makes the mailbox fail."""

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Address:
    name: str
    address: str


@dataclass(frozen=True)
class Part:
    """What hangs on a mail beside its text: an invitation, a file."""

    number: int
    filename: str
    content_type: str
    content_id: str
    content: bytes


class Mail:
    """A mail as it lies in its file, which is opened when something of it is asked for."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.id = file.stem
        self.received_at = datetime.fromtimestamp(int(self.id.partition("-")[0]) / 1e9, UTC)

    @property
    def size(self) -> int:
        return self._file.stat().st_size

    @cached_property
    def subject(self) -> str:
        return _header(self._head, "Subject")

    @cached_property
    def message_id(self) -> str:
        return _header(self._head, "Message-ID").strip("<> ")

    @cached_property
    def return_path(self) -> str:
        return _header(self._head, "Return-Path").strip("<> ")

    @cached_property
    def sender(self) -> Address:
        return next(iter(_addresses(self._head, "From")), Address("", self.return_path))

    @cached_property
    def to(self) -> list[Address]:
        return _addresses(self._head, "To")

    @cached_property
    def cc(self) -> list[Address]:
        return _addresses(self._head, "Cc")

    @cached_property
    def reply_to(self) -> list[Address]:
        return _addresses(self._head, "Reply-To")

    @cached_property
    def bcc(self) -> list[Address]:
        named = {known.address.lower() for known in (*self.to, *self.cc)}
        delivered = _addresses(self._head, "Delivered-To")
        return [one for one in delivered if one.address.lower() not in named]

    @cached_property
    def attachment_count(self) -> int:
        return sum(_is_attachment(part) for part in _leaves(self._message()))

    @property
    def recipients(self) -> set[str]:
        return {one.address.lower() for one in (*self.to, *self.cc, *self.bcc)}

    @property
    def raw(self) -> bytes:
        return self._file.read_bytes()

    def opened(self) -> "OpenedMail":
        return OpenedMail(self._message())

    @cached_property
    def _head(self) -> EmailMessage:
        parser = BytesParser(policy=email.policy.default)
        return parser.parsebytes(self.raw, headersonly=True)

    def _message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)


@dataclass(frozen=True)
class OpenedMail:
    message: EmailMessage

    @property
    def headers(self) -> list[tuple[str, str]]:
        return _as_sent(self.message)

    @cached_property
    def text(self) -> str:
        return self._body("text/plain")

    @cached_property
    def html(self) -> str:
        return self._body("text/html")

    @cached_property
    def calendar(self) -> str:
        return self._body("text/calendar")

    @cached_property
    def parts(self) -> list[Part]:
        return [
            Part(
                number=number,
                filename=_readable(part.get_filename() or ""),
                content_type=part.get_content_type(),
                content_id=_header(part, "Content-ID").strip("<> "),
                content=_payload(part),
            )
            for number, part in enumerate(_leaves(self.message), start=1)
        ]

    def attachments(self) -> list[Part]:
        return [
            self.parts[at] for at, part in enumerate(_leaves(self.message)) if _is_attachment(part)
        ]

    def _body(self, content_type: str) -> str:
        for part in _leaves(self.message):
            if part.get_content_type() == content_type and not _is_attachment(part):
                return _text(part)
        return ""


def _leaves(message: EmailMessage) -> list[EmailMessage]:
    return [part for part in message.walk() if not part.is_multipart()]


def _is_attachment(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _payload(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: EmailMessage) -> str:
    try:
        return _payload(part).decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a charset nobody knows
        return _payload(part).decode("utf-8", "replace")


def _header(message: EmailMessage, name: str) -> str:
    return next(iter(_all(message, name)), "")


def _addresses(message: EmailMessage, name: str) -> list[Address]:
    """Taken apart as sent, decoded after that: Python's own way puts a space between two encoded words."""
    sent = [value for key, value in _as_sent(message) if key.lower() == name.lower()]
    return [Address(_decoded(said), address) for said, address in getaddresses(sent) if address]


def _decoded(name: str) -> str:
    try:
        return _readable(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):
        return name


def _all(message: EmailMessage, name: str) -> list[str]:
    try:
        return [_readable(value) for value in message.get_all(name, [])]
    except Exception:  # whatever the parser stumbles over in a malformed header
        return [value for key, value in _as_sent(message) if key.lower() == name.lower()]


def _as_sent(message: EmailMessage) -> list[tuple[str, str]]:
    """Every header with its own spelling and encoded words, folded lines made one."""
    return [(name, "".join(_readable(value).splitlines())) for name, value in message.raw_items()]


def _readable(value: object) -> str:
    """Bytes that are no ASCII stand as surrogates in what the parser gives; no answer could carry those."""
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
