"""Addresses of mail, as every mail server takes them (RFC 5321)."""

from email.utils import parseaddr
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator

from shared.icalendar import Address

_PUBLIC = ".org"


def ascii_address(email: str) -> str:
    """An address in ASCII. EmailNotValidError if it is none.

    A mail server of one's own may well serve `localhost` or `.local`, which email-validator refuses: it says itself whom it knows.
    So the address is looked at as if its domain stood below a public one.
    """
    checked = validate_email(
        email + _PUBLIC, check_deliverability=False, globally_deliverable=False
    )
    if checked.ascii_email is None:
        raise EmailNotValidError("the part before the @ must be plain ASCII")
    return checked.ascii_email.removesuffix(_PUBLIC)


def _mailbox(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must stand on one line")
    try:
        ascii_address(parseaddr(text)[1])
    except EmailNotValidError as error:
        raise ValueError(f"must be an address such as Copse <copse@example.org>: {error}") from None
    return text


def address_of(mailbox: str) -> Address:
    """The name and the address of a Mailbox, as calendars and mails bear them."""
    name, email = parseaddr(mailbox)
    return Address(ascii_address(email), name)


Mailbox = Annotated[str, AfterValidator(_mailbox)]
"""A name and an address: `Copse <copse@example.org>` (RFC 5322, 3.4)."""
