"""What this service is told from outside, beside what all are told."""

from email.utils import formataddr, parseaddr
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator

from shared.icalendar import Address
from shared.runtime.settings import Settings
from shared.storage.database import Database


def _mailbox(text: str) -> str:
    name, email = parseaddr(text)
    if not text.isprintable():
        raise ValueError("must stand on one line")
    try:
        found = validate_email(email, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError(f"must be an address such as Copse <copse@example.org>: {error}") from None
    return formataddr((name, found.ascii_email or found.normalized))


class SchedulingSettings(Settings):
    """The settings of every service, and who organizes the meetings."""

    mail_from: Annotated[str, AfterValidator(_mailbox)] = "Copse <copse@example.org>"
    """The ORGANIZER of feeds: the mailbox that also sends the invitations, and is read."""

    @property
    def organizer(self) -> Address:
        name, email = parseaddr(self.mail_from)
        return Address(email, name)


def settings_of(database: Database) -> SchedulingSettings:
    """The settings that the service was started with."""
    settings = database.settings
    assert isinstance(settings, SchedulingSettings)  # noqa: S101 - app.py asks for this kind
    return settings
