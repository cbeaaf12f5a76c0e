"""What scheduling is told from outside, beside what all are told."""

from email.utils import parseaddr
from typing import Annotated

from fastapi import Depends, Request

from shared.icalendar import Address
from shared.runtime.runtime import running
from shared.runtime.settings import Settings
from shared.types.addresses import Mailbox, ascii_address


class SchedulingSettings(Settings):
    """The settings of every service, and who organizes the meetings."""

    mail_from: Mailbox = "Copse <copse@example.org>"
    """The ORGANIZER of feeds: the mailbox that also sends the invitations, and is read."""

    def feed_url(self, token: str) -> str:
        """The address of a calendar to subscribe to."""
        return f"{self.public_url.rstrip('/')}/feeds/{token}.ics"

    @property
    def organizer(self) -> Address:
        name, email = parseaddr(self.mail_from)
        return Address(ascii_address(email), name)


def _configured(request: Request) -> SchedulingSettings:
    return running(request, SchedulingSettings).settings


Configured = Annotated[SchedulingSettings, Depends(_configured)]
"""The settings, as a route asks for them."""
