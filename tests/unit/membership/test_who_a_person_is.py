"""A person is who the token says, under a name and an address that mail can bear."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.membership.model import Person
from services.membership.model.person import (
    IncompleteToken,
    UnusableAddress,
    UnusableId,
    UnusableName,
)
from shared.contracts.membership import (
    PersonChanged,
    PersonRegistered,
)
from shared.errors import Problem

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
MONTHLY = {"frequency": "monthly", "weekday": "TU", "nth": 2, "local_time": "14:00"}
LEADS = {"name": "Leads", "purpose": "Learn", "charter": "Kind", "agreement": "Private"}
PRIVACIES = ("open", "restricted", "private", "confidential")


def test_a_person_registers_and_changes() -> None:
    ann, registered = Person.register("ann", " Ann ", "Ann@EXAMPLE.org", None, NOON)
    assert registered == PersonRegistered(
        person_id="ann",
        name="Ann",
        email="Ann@example.org",
        zone="Europe/London",
        registered_at=NOON,
    )
    assert ann.change("Ann", "Ann@example.org", None) is ann
    decided = ann.change("Ann B", "ann@example.org", "Europe/Paris")
    assert isinstance(decided, tuple)
    assert decided[1] == PersonChanged(
        person_id="ann",
        name="Ann B",
        email="ann@example.org",
        zone="Europe/Paris",
        registered_at=NOON,
    )
    assert decided[0].change("Ann B", "ann@example.org", None) is decided[0]


@pytest.mark.parametrize(
    ("person_id", "name", "email", "refusal", "fields"),
    [
        ("ann", "", "ann@example.org", IncompleteToken, ["name"]),
        ("ann", "Ann", " ", IncompleteToken, ["email"]),
        ("ann", "", "", IncompleteToken, ["name", "email"]),
        ("me", "Ann", "ann@example.org", UnusableId, ["sub"]),
        ("a\nb", "Ann", "ann@example.org", UnusableId, ["sub"]),
        ("a" * 201, "Ann", "ann@example.org", UnusableId, ["sub"]),
        ("ann", "Ann\nBcc: x@example.org", "ann@example.org", UnusableName, ["name"]),
        ("ann", "x" * 201, "ann@example.org", UnusableName, ["name"]),
        ("ann", "Ann", "ann", UnusableAddress, ["email"]),
        ("ann", "Ann", "ann@example.org\nBcc: x@example.org", UnusableAddress, ["email"]),
        ("ann", "Ann", "Ann <ann@example.org>", UnusableAddress, ["email"]),
        ("ann", "Ann", "a@example.org,b@example.org", UnusableAddress, ["email"]),
        ("ann", "Ann", "jörg@example.org", UnusableAddress, ["email"]),
    ],
)
def test_a_person_who_cannot_be_written_to_is_refused_without_repeating_what_is_personal(
    person_id: str, name: str, email: str, refusal: type[Problem], fields: list[str]
) -> None:
    with pytest.raises(refusal) as error:
        Person.register(person_id, name, email, None, NOON)
    body: dict[str, Any] = error.value.body()
    assert [one["field"] for one in body["errors"]] == fields
    assert "Bcc" not in str(body)
    assert "jörg" not in str(body)
