"""deploy/compose/outside.yaml, checked: which other systems Kafka lets in."""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, Field, RootModel, ValidationError

from deploy.local.services import names
from deploy.topics.declared import declared

FILE = Path(__file__).with_name("outside.yaml")
OPERATOR = "operator"
TAKEN = {OPERATOR, "mongo", "admin", "copse"}

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$")]


class Guest(BaseModel, frozen=True, extra="forbid"):
    """What another system may do."""

    publishes: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()


class Guests(RootModel[dict[Name, Guest]], frozen=True):
    """Every other system, by the name of its user."""


class BadFile(Exception):
    """What is wrong with outside.yaml, and where."""


def guests(file: Path = FILE) -> dict[str, Guest]:
    """The other systems; their topics exist and their names are nobody else's."""
    try:
        found = Guests.model_validate(yaml.safe_load(file.read_text()) or {}).root
    except (yaml.YAMLError, ValidationError) as error:
        raise BadFile(f"{file.name} is wrong: {error}") from error
    topics = {topic.name for topic in declared(1)}
    for name, guest in found.items():
        if name in TAKEN.union(names()):
            raise BadFile(f"{file.name}: {name} is a user of Copse itself")
        if unknown := guest.publishes.union(guest.reads) - topics:
            raise BadFile(f"{file.name}: {name}: there is no topic {', '.join(sorted(unknown))}")
    return found
