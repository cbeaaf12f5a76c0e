"""People, as the identity provider knows them. The only personal data of the service."""

from datetime import datetime
from typing import Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from shared.contracts.membership import PersonChanged, PersonRegistered
from shared.errors import Invalid
from shared.types.fields import Line, Zone

_LINE = TypeAdapter[str](Line)


class IncompleteToken(Invalid):
    """The token does not say who you are."""


class UnusableName(Invalid):
    """This name cannot be used."""


class UnusableAddress(Invalid):
    """No mail can be sent to this address."""


class UnusableId(Invalid):
    """The token's subject cannot be used as an id."""


class Person(BaseModel):
    """Somebody who takes part, under the name and address that mail to them bears."""

    model_config = ConfigDict(frozen=True)

    person_id: str
    name: str
    email: str
    zone: Zone = "Europe/London"
    registered_at: AwareDatetime

    @classmethod
    def register(
        cls, person_id: str, name: str, email: str, zone: str | None, at: datetime
    ) -> tuple[Self, PersonRegistered]:
        """A person takes part from now on."""
        name, email = _checked(person_id, name, email)
        person = cls(person_id=person_id, name=name, email=email, registered_at=at)
        person = person.model_copy(update={"zone": zone}) if zone else person
        return person, PersonRegistered(**dict(person))

    def change(self, name: str, email: str, zone: str | None) -> Self | tuple[Self, PersonChanged]:
        """A person has another name, address or zone; a zone that is not given stays."""
        name, email = _checked(self.person_id, name, email)
        person = self.model_copy(update={"name": name, "email": email, "zone": zone or self.zone})
        return self if person == self else (person, PersonChanged(**dict(person)))


def _checked(person_id: str, name: str, email: str) -> tuple[str, str]:
    """Name and address fit for a mail header. What is refused is not repeated: it is personal."""
    missing = [claim for claim, value in (("name", name), ("email", email)) if not value.strip()]
    if missing:
        raise IncompleteToken(
            f"It lacks the claim {' and the claim '.join(missing)}. Ask whoever gives you the token.",
            errors=[{"field": claim, "message": "the token lacks this claim"} for claim in missing],
        )
    if len(person_id) > 200 or not person_id.isprintable() or person_id in ("", "me"):
        raise UnusableId("`sub` must be 1 to 200 printable characters, and not `me`.", field="sub")
    try:
        name = _LINE.validate_python(name)
    except ValidationError as error:
        raise UnusableName(f"The name: {error.errors()[0]['msg']}.", field="name") from None
    try:
        address = validate_email(email, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise UnusableAddress(
            "The token's e-mail must be one plain address such as ann@example.org."
            " Change it where you sign in.",
            field="email",
        ) from None
    return name, address.ascii_email or address.normalized
