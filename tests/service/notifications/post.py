"""Mail servers of the tests' own: one that keeps what it gets, one that fails where it is told to."""

import asyncio
import email
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any, Self

import icalendar
from aiosmtpd.smtp import SMTP

STAGES = ("greeting", "ehlo", "mail", "rcpt", "data", "content", "answer")


class Mail:
    """A mail as it arrived."""

    def __init__(self, to: str, raw: bytes) -> None:
        self.to = to
        self.raw = raw
        self.message = email.message_from_bytes(raw, policy=default)
        assert isinstance(self.message, EmailMessage)

    def __getitem__(self, header: str) -> str:
        return str(self.message[header] or "")

    def part(self, kind: str) -> str:
        """The text of the first part of a kind."""
        for part in self.message.walk():
            if part.get_content_type() == kind:
                return part.get_content()  # type: ignore[no-any-return]
        raise AssertionError(f"no {kind} in {[p.get_content_type() for p in self.message.walk()]}")

    @property
    def text(self) -> str:
        return self.part("text/plain")

    @property
    def html(self) -> str:
        return self.part("text/html")

    @property
    def calendar(self) -> str:
        """The calendar object, unfolded."""
        return re.sub(r"\r?\n[ \t]", "", self.part("text/calendar"))


class Post:
    """A real SMTP server, on a real socket."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.port = 0
        self._server: asyncio.Server | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails += [Mail(to, envelope.content) for to in envelope.rcpt_tos]
        return "250 taken"

    async def open(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="post.test", loop=loop), "127.0.0.1", self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        assert self._server
        self._server.close()

    def to(self, person: str) -> list[Mail]:
        """What arrived for somebody, in order."""
        return [mail for mail in self.mails if mail.to.startswith(f"{person}@")]


class Faulty:
    """A mail server that breaks the connection, or answers `answer`, at a stage of a send.

    It does so `times` times, and then behaves. `content` is after the message has begun to come,
    `answer` after all of it came. `seen` counts the messages that came whole.
    """

    def __init__(self, stage: str, answer: str | None = None, times: int = 1) -> None:
        self.stage, self.answer, self.times = stage, answer, times
        self.seen = 0
        self.mails: list[Mail] = []
        self.port = 0
        self.connections = 0
        self.before: Callable[[str], Awaitable[None]] | None = None
        """Awaited before each answer, with its stage."""
        self._open: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in [*self._open]:
                writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            await self._session(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to = ""
        await self._answer(writer, "greeting", "220 faulty")
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            if verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
            if verb == "DATA":
                await self._answer(writer, "data", "354 go on")
                if self.stage == "content" and self.times > 0:
                    await reader.readline()
                    await self._answer(writer, "content", "")
                raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                self.seen += 1
                if not (self.stage == "answer" and self.times > 0):
                    self.mails.append(Mail(to, raw))
                await self._answer(writer, "answer", "250 taken")
                continue
            if verb == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            stages = {"EHLO": "ehlo", "MAIL": "mail", "RCPT": "rcpt"}
            await self._answer(writer, stages.get(verb, verb), "250 fine")

    async def _answer(self, writer: asyncio.StreamWriter, stage: str, usual: str) -> None:
        if self.before:
            await self.before(stage)
        if stage == self.stage and self.times > 0:
            self.times -= 1
            if self.answer is None:
                raise ConnectionError
            usual = self.answer
        writer.write(f"{usual}\r\n".encode())
        await writer.drain()


def people(mails: list[Mail]) -> list[str]:
    """Whom the mails are for, by name."""
    return sorted(mail.to.partition("@")[0] for mail in mails)


def event_of(mail: Mail) -> icalendar.Component:
    """The meeting in a mail's calendar part."""
    [event] = icalendar.Calendar.from_ical(mail.calendar).walk("VEVENT")
    return event
