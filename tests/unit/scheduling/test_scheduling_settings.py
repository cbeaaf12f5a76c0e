"""Who organizes the meetings is told from outside."""

import pytest
from pydantic import ValidationError

from services.scheduling.settings import SchedulingSettings
from shared.icalendar import Address


def test_the_organizer_may_bear_a_name():
    told = SchedulingSettings(mail_from="Copse Meetings <meet@example.org>")
    assert told.organizer == Address("meet@example.org", "Copse Meetings")
    assert SchedulingSettings(mail_from="meet@example.org").organizer == Address("meet@example.org")


@pytest.mark.parametrize("wrong", ["", "nobody", "a@b@c", "x@example.org\r\nBcc: eve@example.org"])
def test_what_is_no_mailbox_is_refused(wrong: str):
    with pytest.raises(ValidationError, match="mail_from"):
        SchedulingSettings(mail_from=wrong)
