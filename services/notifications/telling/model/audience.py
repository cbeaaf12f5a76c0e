"""Whom a rule tells: in a rule as paths into the event, in a notice as who that is."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.notifications.wording.model import attributes
from shared.contracts.membership import Role
from shared.errors import Invalid
from shared.events.cloudevents import Envelope

Ref = Annotated[str, Field(min_length=1, max_length=200)]
"""`data.x.y` or `event.subject` is looked up in the event; anything else is meant literally."""
Answer = Literal["accepted", "tentative", "declined", "waitlisted"]


class EventDoesNotFit(Invalid):
    """An event lacks what a rule or its template needs of it."""


def require_object(event: Envelope[Any]) -> None:
    """Raise EventDoesNotFit unless an event's data has fields, of which rules and templates speak."""
    if not isinstance(event.data, dict):
        raise EventDoesNotFit(
            "data: must be a JSON object, as rules and templates name its fields."
        )


class Recipients(BaseModel):
    """Who is told: the people, members and invited ones named, without those excepted."""

    model_config = ConfigDict(frozen=True)

    people: tuple[str, ...] = ()
    members_of: str | None = None
    roles: tuple[str, ...] = ()
    invited_to: str | None = None
    answered_to: str | None = None
    answers: tuple[str, ...] = ()
    except_people: tuple[str, ...] = ()
    except_answers: tuple[str, ...] = ()
    still_members: bool = False


class Audience(BaseModel):
    """Whom a rule tells: everybody named by any of these, without those excepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    people: Ref | None = None
    """A person's id, or the path of one, or of a list of them."""
    members_of: Ref | None = None
    roles: tuple[Role, ...] | Ref = ()
    """Only the members with one of these roles; none named means all."""
    invited_to: Ref | None = None
    """Those who got an invitation to this meeting."""
    answered_to: Ref | None = None
    answers: tuple[Answer, ...] = ("accepted",)
    """Those who answered the meeting `answered_to` so."""
    except_people: Ref | None = Field(default=None, alias="except")
    except_answers: tuple[Answer, ...] = ()
    """Of those invited, not who answered so."""
    still_members: bool = False
    """Of those invited, only who still belongs to the community."""

    @model_validator(mode="after")
    def _somebody(self) -> "Audience":
        if not (self.people or self.members_of or self.invited_to or self.answered_to):
            raise ValueError("name `people`, `members_of`, `invited_to` or `answered_to`")
        return self

    def refs(self) -> list[str]:
        """Every path this audience looks up in an event."""
        named = (self.people, self.members_of, self.invited_to, self.answered_to)
        roles = self.roles if isinstance(self.roles, str) else None
        return [ref for ref in (*named, self.except_people, roles) if ref and is_path(ref)]

    def of(self, event: Envelope[dict[str, Any]]) -> Recipients:
        """Who that is for an event. EventDoesNotFit if the event names nobody."""
        who = Recipients(
            people=ids_of(self.people, event),
            members_of=id_of(self.members_of, event),
            roles=ids_of(self.roles, event) if isinstance(self.roles, str) else self.roles,
            invited_to=id_of(self.invited_to, event),
            answered_to=id_of(self.answered_to, event),
            answers=self.answers,
            except_people=ids_of(self.except_people, event),
            except_answers=self.except_answers,
            still_members=self.still_members,
        )
        if not (who.people or who.members_of or who.invited_to or who.answered_to):
            raise EventDoesNotFit(f"The event has no {' nor '.join(self.refs())}: who is told?")
        return who


def is_path(ref: str) -> bool:
    return ref.startswith(("data.", "event."))


def look_up(ref: str, event: Envelope[dict[str, Any]]) -> Any:
    """What stands at a path of the event, or None."""
    root, *names = ref.split(".")
    value: Any = event.data if root == "data" else attributes(event)
    for name in names:
        value = cast("Mapping[str, Any]", value).get(name) if isinstance(value, Mapping) else None
    return value


def ids_of(ref: str | None, event: Envelope[dict[str, Any]]) -> tuple[str, ...]:
    """The ids that a path or a literal stands for."""
    value = look_up(ref, event) if ref and is_path(ref) else ref
    if value is None:
        return ()
    ids = cast("list[Any]", value) if isinstance(value, list) else [value]
    for id in ids:
        if not (isinstance(id, str) and 0 < len(id) <= 200 and id.isprintable()):
            raise EventDoesNotFit(f"{ref} must hold ids of 1 to 200 printable characters.")
    return tuple(dict.fromkeys(ids))


def id_of(ref: str | None, event: Envelope[dict[str, Any]]) -> str | None:
    """The one id that a path or a literal stands for."""
    ids = ids_of(ref, event)
    if len(ids) > 1:
        raise EventDoesNotFit(f"{ref} must hold one id.")
    return ids[0] if ids else None
