"""What the region wrote down: types, people, communities, announcements. Read whole, checked whole, before anything is sent."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    HttpUrl,
    JsonValue,
    TypeAdapter,
    ValidationError,
    model_validator,
)

FOLDER = Path(__file__).parent
Said = dict[str, JsonValue]
"""What goes to a service as it stands; the service says what is wrong with it."""


class BadRegion(Exception):
    """Everything that is wrong with the files, and where."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(_Data):
    name: str = Field(min_length=1)
    address: EmailStr


class People(_Data):
    office: Person
    people: dict[str, Person] = Field(min_length=1)


class Member(_Data):
    """How somebody came to belong where not everybody may walk in: invited, or by asking."""

    person: str
    role: Literal["facilitator", "co-facilitator", "member"] = "member"
    invited: bool = False


class Answers(_Data):
    """What members answer to the first meeting of all."""

    accepted: tuple[str, ...] = ()
    tentative: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()

    def each(self) -> Iterator[tuple[str, str]]:
        for status, people in self:
            for person in people:
                yield person, status


class Resource(_Data):
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    shared_by: str
    url: HttpUrl | None = None
    file: Annotated[str, Field(pattern=r"^[\w.-]+$")] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) == (self.file is None):
            raise ValueError("give either url or file")
        return self

    @property
    def path(self) -> Path:
        return FOLDER / "files" / (self.file or "")


class Community(_Data):
    type: str
    name: str
    places: tuple[str, ...] = Field(min_length=1)
    purpose: str | None = None
    format: str | None = None
    privacy: str | None = None
    join_policy: str | None = None
    charter: str | None = None
    started_by: str
    members: tuple[Member, ...] = ()
    rhythm: Said
    notice_days: int
    first_meeting: Answers = Answers()
    resources: tuple[Resource, ...] = ()

    @property
    def insiders(self) -> tuple[str, ...]:
        return (self.started_by, *(member.person for member in self.members))

    @property
    def wishes(self) -> Said:
        """What membership is told of it; what is left out comes from its type."""
        own = {"name", "places", "purpose", "format", "privacy", "join_policy", "charter"}
        said = self.model_dump(mode="json", include=own, exclude_none=True)
        return {"community_type": self.type, **said}


class Announcement(_Data):
    id: str = Field(pattern=r"^[a-z0-9-]+$")
    subject: str
    text: str
    action_label: str | None = None
    action_url: HttpUrl | None = None


class Announcements(_Data):
    source: HttpUrl
    """Who says it: with the id it makes an announcement count once."""
    announcements: tuple[Announcement, ...] = ()


class Region(_Data):
    office: Person
    people: dict[str, Person]
    types: dict[str, Said]
    communities: dict[str, Community]
    news: Announcements


def read(folder: Path = FOLDER) -> Region:
    """The region as its files say. BadRegion names every fault."""
    faults: list[str] = []

    def one(path: Path, kind: Any) -> Any:
        try:
            return TypeAdapter[Any](kind).validate_python(yaml.safe_load(path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            faults.append(f"{path}: {error}")
        except ValidationError as error:
            faults.extend(f"{path}: {fault}" for fault in _in_words(error))
        return None

    def each(of: str, kind: Any) -> dict[str, Any]:
        return {path.stem: one(path, kind) for path in sorted((folder / of).glob("*.yaml"))}

    people, news = (
        one(folder / "people.yaml", People),
        one(folder / "announcements.yaml", Announcements),
    )
    types, communities = each("types", Said), each("communities", Community)
    if not faults:
        for name, community in communities.items():
            file = folder / "communities" / f"{name}.yaml"
            faults += [f"{file}: {fault}" for fault in _missing(community, people.people, types)]
    if faults:
        raise BadRegion("\n".join(faults))
    return Region(
        office=people.office, people=people.people, types=types, communities=communities, news=news
    )


def _in_words(error: ValidationError) -> Iterable[str]:
    for fault in error.errors(include_url=False):
        where = ".".join(str(part) for part in fault["loc"]) or "the file"
        yield f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def _missing(
    community: Community, people: dict[str, Person], types: dict[str, Said]
) -> Iterator[str]:
    """What the community speaks of and is not there."""

    def unknown(where: str, person: str, known: Iterable[str], what: str) -> Iterator[str]:
        if person not in known:
            yield f"{where}: {person!r} is not {what}"

    if community.type not in types:
        yield f"type: {community.type!r} is not one of {', '.join(types)}"
    for number, person in enumerate(community.insiders):
        where = f"members.{number - 1}" if number else "started_by"
        yield from unknown(where, person, people, "in people.yaml")
        if person in community.insiders[:number]:
            yield f"{where}: {person!r} belongs already"
    seen: set[str] = set()
    for person, status in community.first_meeting.each():
        where = f"first_meeting.{status}"
        yield from unknown(where, person, community.insiders, "a member")
        if person in seen:
            yield f"{where}: {person!r} has answered already"
        seen.add(person)
    for number, resource in enumerate(community.resources):
        yield from unknown(
            f"resources.{number}.shared_by", resource.shared_by, community.insiders, "a member"
        )
        if resource.file and not resource.path.is_file():
            yield f"resources.{number}.file: there is no files/{resource.file}"
