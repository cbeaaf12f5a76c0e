"""What scheduling is told from outside, beside what all are told."""

from typing import Annotated

from shared.icalendar import Address
from shared.runtime.runtime import configured
from shared.runtime.settings import Settings
from shared.types.addresses import Mailbox, address_of


class SchedulingSettings(Settings):
    """The settings of every service, and who organizes the meetings."""

    mail_from: Mailbox = "Copse <copse@example.org>"
    """The ORGANIZER of feeds: the mailbox that also sends the invitations, and is read."""

    def feed_url(self, token: str) -> str:
        """The address of a calendar to subscribe to."""
        return f"{self.public_url.rstrip('/')}/feeds/{token}.ics"

    @property
    def organizer(self) -> Address:
        return address_of(self.mail_from)


Configured = Annotated[SchedulingSettings, configured(SchedulingSettings)]
"""The settings, as a route asks for them."""
