"""What people see of a resource."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AliasPath, AwareDatetime, BaseModel, BeforeValidator, Field

from services.resources.model import File, Link, Resource, Version
from shared.http.paging import Page


class SharedFile(BaseModel):
    """A file's name, kind and length in bytes; the bytes are at `/content`."""

    name: str
    media_type: str
    size: int


def _if_file(content: dict[str, Any]) -> dict[str, Any] | None:
    return content if content["kind"] == "file" else None


class SharedVersion(BaseModel):
    """What a resource was from a moment on. A link has a `url`, a file a `file`."""

    version: int
    url: str | None
    file: SharedFile | None
    sha256: str
    """Of the file's bytes; of a link, its address."""
    made_by: str
    made_at: AwareDatetime
    restored_from: int | None


class SharedResource(BaseModel):
    """What is shared, as it is in its newest version."""

    resource_id: str
    community_id: str
    kind: Literal["link", "file"]
    title: str
    description: str
    tags: tuple[str, ...]
    version: int
    url: str | None
    file: SharedFile | None
    sha256: str
    shared_by: str
    shared_at: AwareDatetime
    revised_at: AwareDatetime


def _in_newest(*path: str) -> AliasPath:
    return AliasPath("versions", -1, *path)


def _newest(*path: str) -> Any:
    return Field(validation_alias=_in_newest(*path))


def _about(name: str) -> Any:
    return Field(validation_alias=AliasPath("about", name))


class Listed(SharedResource):
    """A resource as it is shown, read straight from where it is kept: a list asks no rule."""

    kind: Literal["link", "file"] = _newest("content", "kind")
    title: str = _about("title")
    description: str = _about("description")
    tags: tuple[str, ...] = _about("tags")
    version: int = _newest("number")
    url: str | None = Field(default=None, validation_alias=_in_newest("content", "url"))
    file: Annotated[SharedFile | None, BeforeValidator(_if_file)] = _newest("content")
    sha256: str = _newest("content", "sha256")
    revised_at: AwareDatetime = _newest("made_at")


class SharedResources(BaseModel):
    """One page of resources."""

    items: list[SharedResource]
    next: str | None


def version(version: Version) -> SharedVersion:
    return SharedVersion(
        version=version.number,
        sha256=version.content.sha256,
        made_by=version.made_by,
        made_at=version.made_at,
        restored_from=version.restored_from,
        **_content_fields(version.content),
    )


def resource(resource: Resource) -> SharedResource:
    newest = {"versions": [resource.newest.model_dump()]}
    return Listed.model_validate(resource.model_dump(exclude={"versions"}) | newest)


def after(page: Page) -> str | None:
    """The id after which a page of a list goes on."""
    (id,) = page.position(str) or (None,)
    return id


def resources(listed: Sequence[Listed], page: Page) -> SharedResources:
    """A page from one more than it may hold, if there are as many."""
    items, following = page.cut(listed, lambda shared: (shared.resource_id,))
    return SharedResources.model_construct(items=items, next=following)


def _content_fields(content: Link | File) -> dict[str, Any]:
    if isinstance(content, Link):
        return {"url": content.url, "file": None}
    file = SharedFile(name=content.name, media_type=content.media_type, size=content.size)
    return {"url": None, "file": file}
