"""One connection to the mail server, and exactly how far a message got on it."""

import re
import time
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponse
from aiosmtplib.errors import SMTPResponseException

from services.notifications.delivery.channel import TOO_LONG, Away, Sent
from services.notifications.settings import NotificationSettings

IDLE_SECONDS = 2.0  # after so long ask whether the server is still there
CLOSING = 421  # RFC 5321, 3.8: the server is about to end the connection
NOT_ADMITTED = (530, 535)  # RFC 4954: it is we who are refused, not the message
_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail that may go; both addresses are ASCII."""

    sender: str
    recipient: str
    mail: bytes


class Connection:
    """A connection that stays open between messages."""

    def __init__(self, settings: NotificationSettings) -> None:
        self._settings = settings
        self._client = self._new_client()
        self.used_at = time.monotonic()
        self.on_its_way = False

    def _new_client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        password = settings.smtp_password
        return aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user,
            password=password.get_secret_value() if password else None,
            start_tls=settings.smtp_starttls,
            timeout=settings.smtp_timeout_seconds,
            local_hostname=settings.sender.email.rpartition("@")[2],
        )

    async def open(self) -> None:
        """Be connected, anew if need be. Away if the server is not there."""
        try:
            if self._client.is_connected and time.monotonic() - self.used_at > IDLE_SECONDS:
                try:
                    await self._client.noop()
                except (SMTPException, OSError):
                    self.close()
            if not self._client.is_connected:
                self._client = self._new_client()
                await self._client.connect()
                await self._client.ehlo()
            self.used_at = time.monotonic()
        except (SMTPException, OSError, ValueError) as error:
            self.close()
            raise Away(f"{type(error).__name__}: {error}"[:300]) from None

    async def send(self, ready: Composed, *, until: float) -> Sent:
        """Send a mail once. Never raises for what the server does, or the line.

        Until the server has asked for the message, nothing was sent; from its first byte on only
        the server's answer tells (RFC 5321, 4.1.1.4). No byte of it leaves after `until`, by the monotonic clock.
        """
        recipient = ready.recipient
        self.on_its_way = False
        try:
            await self._client.mail(ready.sender)
            await self._client.rcpt(recipient)
            _expect(354, await self._client.execute_command(b"DATA"))
            protocol = self._client.protocol
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            # Looked at here, where nothing is awaited any more: a timeout from outside is lost where an answer
            # comes at the same moment (asyncio.wait_for before Python 3.12).
            if time.monotonic() > until:
                return self.break_off(TOO_LONG)
            self.on_its_way = True
            protocol.write(_DOT.sub(b"..", ready.mail) + b".\r\n")
            answer = await protocol.read_response(self._settings.smtp_timeout_seconds)
            _expect(250, answer)
            self.used_at = time.monotonic()
            return Sent("sent", _say(answer.code, answer.message, recipient))
        except SMTPResponseException as error:
            return await self._refused(error.code, _say(error.code, error.message, recipient))
        except (SMTPException, OSError) as error:
            return self.break_off(type(error).__name__)

    def break_off(self, why: str) -> Sent:
        """End an attempt without the server's answer."""
        self.close()
        return Sent("unknown" if self.on_its_way else "broken", why)

    async def _refused(self, code: int, detail: str) -> Sent:
        if code < 400:  # not an answer that SMTP knows: whatever follows would be out of step
            return self.break_off(detail)
        if code == CLOSING or code in NOT_ADMITTED:
            self.close()
            return Sent("away", detail)
        try:
            await self._client.rset()
        except (SMTPException, OSError):
            self.close()
        return Sent("deferred" if code < 500 else "refused", detail)

    @property
    def is_open(self) -> bool:
        return self._client.is_connected

    def close(self) -> None:
        """End the connection without a word."""
        self._client.close()

    async def quit(self) -> None:
        """End the connection politely."""
        try:
            if self._client.is_connected:
                await self._client.quit(timeout=1)
        except (SMTPException, OSError):
            pass
        finally:
            self.close()


def _expect(code: int, answer: SMTPResponse) -> None:
    if answer.code != code:
        raise SMTPResponseException(answer.code, answer.message)


def _say(code: int, text: str, recipient: str) -> str:
    """The server's answer, without the address that it may repeat."""
    hidden = text
    if recipient.lower() in text.lower():
        hidden = re.sub(re.escape(recipient), "the recipient", text, flags=re.IGNORECASE)
    return f"{code} {' '.join(hidden.split())}"[:300]
