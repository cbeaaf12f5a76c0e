"""Where mail goes, and from whom it comes."""

from email.utils import parseaddr
from functools import cached_property
from typing import Annotated

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, SecretStr

from shared.icalendar import Address
from shared.runtime.settings import Settings
from shared.storage.database import Database

# A mail server of one's own may well serve `localhost` or `.local`; it says itself whom it knows.
SPECIAL_USE_DOMAIN_NAMES.clear()


def _mailbox(text: str) -> str:
    email = parseaddr(text)[1]
    if any(ord(one) < 32 for one in text):
        raise ValueError("must stand on one line")
    try:
        ascii_address(email)
    except EmailNotValidError as error:
        raise ValueError(f"must be an address such as Copse <copse@example.org>: {error}") from None
    return text


def ascii_address(email: str) -> str:
    """An address as every mail server takes it. EmailNotValidError if it is none."""
    checked = validate_email(email, check_deliverability=False, globally_deliverable=False)
    if checked.ascii_email is None:
        raise EmailNotValidError("the part before the @ must be plain ASCII")
    return checked.ascii_email


class MailSettings(Settings):
    """The settings of a service, and those of its mail."""

    smtp_host: str = Field(default="127.0.0.1", min_length=1)
    smtp_port: int = Field(default=1025, ge=1, le=65535)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = False
    """Encrypt the connection, and refuse to go on without."""
    smtp_timeout_seconds: float = Field(default=30, gt=0)
    mail_from: Annotated[str, AfterValidator(_mailbox)] = "Copse <copse@example.org>"
    """A mailbox that somebody reads: calendar programs send their answers there."""
    mail_connections: int = Field(default=4, ge=1, le=64)
    mail_lease_seconds: float = Field(default=120, ge=1)
    """How long a try may take; after twice as long as it needs, nobody knows how it ended."""

    @cached_property
    def sender(self) -> Address:
        name, email = parseaddr(self.mail_from)
        return Address(ascii_address(email), name)


def settings_of(database: Database) -> MailSettings:
    """The settings that the service was started with."""
    settings = database.settings
    assert isinstance(settings, MailSettings)  # noqa: S101 - app.py asks for this kind
    return settings
