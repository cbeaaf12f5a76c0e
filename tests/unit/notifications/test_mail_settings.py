"""A wrong setting is refused with a sentence that says how to mend it."""

import pytest
from pydantic import ValidationError

from services.notifications.settings import NotificationSettings


@pytest.mark.parametrize(
    "mail_from", ["nobody", "Copse", "a@b@c", "Copse <copse@x.org>\r\nBcc: eve@x.org", ""]
)
def test_a_sender_that_is_no_address_is_refused(mail_from: str) -> None:
    with pytest.raises(ValidationError, match="mail_from"):
        NotificationSettings(mail_from=mail_from)


@pytest.mark.parametrize(
    ("mail_from", "email", "name"),
    [
        ("copse@example.org", "copse@example.org", ""),
        ('"Copse, North" <copse@localhost>', "copse@localhost", "Copse, North"),
        ("Wäldchen <copse@bücher.example>", "copse@xn--bcher-kva.example", "Wäldchen"),
    ],
)
def test_a_sender_is_a_mailbox(mail_from: str, email: str, name: str) -> None:
    sender = NotificationSettings(mail_from=mail_from).sender
    assert (sender.email, sender.name) == (email, name)


@pytest.mark.parametrize("wrong", [{"smtp_port": 0}, {"smtp_host": ""}, {"mail_connections": 0}])
def test_wrong_numbers_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        NotificationSettings(**wrong)  # type: ignore[arg-type]
