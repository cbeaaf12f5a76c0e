"""What this service is told from outside, beside what all are told."""

from email.utils import parseaddr
from typing import Annotated

from pydantic import AfterValidator

from shared.calendar import Address
from shared.settings import Settings


def _address(text: str) -> str:
    name, email = parseaddr(text)
    if "@" not in email.strip("@") or not (name + email).isprintable():
        raise ValueError(
            "must be an address such as meetings@example.org, or Copse <meetings@example.org>"
        )
    return text


class SchedulingSettings(Settings):
    """`COPSE_MAIL_FROM`: the organizer of every meeting. A mailbox that is read: replies come there."""

    mail_from: Annotated[str, AfterValidator(_address)] = "Copse <meetings@copse.example>"

    @property
    def organizer(self) -> Address:
        name, email = parseaddr(self.mail_from)
        return Address(email, name)
