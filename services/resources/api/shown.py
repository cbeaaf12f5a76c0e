"""What people see of a resource."""

from typing import Any, Literal

from pydantic import BaseModel

from services.resources.model import File, Link, Resource, Version
from shared.http.paging import Page
from shared.types.clock import Moment


class SharedFile(BaseModel):
    """A file's name, kind and length in bytes; the bytes are at `/content`."""

    name: str
    media_type: str
    size: int


class SharedVersion(BaseModel):
    """What a resource was from a moment on. A link has a `url`, a file a `file`."""

    version: int
    url: str | None
    file: SharedFile | None
    sha256: str
    """Of the file's bytes; of a link, its address."""
    made_by: str
    made_at: Moment
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
    shared_at: Moment
    revised_at: Moment


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
    return SharedResource(
        resource_id=resource.resource_id,
        community_id=resource.community_id,
        kind=resource.newest.content.kind,
        **dict(resource.about),
        version=resource.newest.number,
        sha256=resource.newest.content.sha256,
        shared_by=resource.shared_by,
        shared_at=resource.shared_at,
        revised_at=resource.newest.made_at,
        **_content_fields(resource.newest.content),
    )


def after(page: Page) -> str | None:
    """The id after which a page of a list goes on."""
    (id,) = page.position(str) or (None,)
    return id


def resources(listed: list[Resource], page: Page) -> SharedResources:
    """A page from one more than it may hold, if there are as many."""
    items, following = page.cut(listed, lambda shared: (shared.resource_id,))
    return SharedResources(items=[resource(shared) for shared in items], next=following)


def _content_fields(content: Link | File) -> dict[str, Any]:
    if isinstance(content, Link):
        return {"url": content.url, "file": None}
    file = SharedFile(name=content.name, media_type=content.media_type, size=content.size)
    return {"url": None, "file": file}
