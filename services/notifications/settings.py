"""Where mail goes, and from whom it comes."""

from functools import cached_property
from typing import Annotated

from pydantic import Field, SecretStr

from shared.icalendar import Address
from shared.runtime.runtime import configured
from shared.runtime.settings import Settings
from shared.types.addresses import Mailbox, address_of


class NotificationSettings(Settings):
    """The settings of a service, and those of its mail."""

    smtp_host: str = Field(default="127.0.0.1", min_length=1)
    smtp_port: int = Field(default=1025, ge=1, le=65535)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = False
    """Encrypt the connection, and refuse to go on without."""
    smtp_timeout_seconds: float = Field(default=30, gt=0)
    mail_from: Mailbox = "Copse <copse@example.org>"
    """A mailbox that somebody reads: calendar programs send their answers there."""
    mail_connections: int = Field(default=4, ge=1, le=64)
    mail_lease_seconds: float = Field(default=120, ge=1)
    """How long a try may take; after twice as long as it needs, nobody knows how it ended."""

    @cached_property
    def sender(self) -> Address:
        return address_of(self.mail_from)


Configured = Annotated[NotificationSettings, configured(NotificationSettings)]
"""The settings, as a route asks for them."""
