"""New versions, old versions, and old ones made new."""

from typing import Annotated

from fastapi import Form, Request, UploadFile
from pydantic import BaseModel

from services.resources import store
from services.resources.api import shown
from services.resources.api.refusals import NOT_YOURS
from services.resources.api.shown import SharedResource, SharedVersion
from services.resources.api.uploads import receive
from services.resources.model import link
from services.resources.settings import ResourceSettings
from shared.http.auth import Principal
from shared.http.router import Router, Tx
from shared.runtime.runtime import running
from shared.types.clock import now
from shared.types.fields import Line

router = Router(prefix="/resources", tags=["versions"])


class Versions(BaseModel):
    """Every version of a resource, the newest first."""

    items: list[SharedVersion]
    next: None = None


@router.get("/{resource_id}/versions")
async def list_versions(resource_id: str, me: Principal, tx: Tx) -> Versions:
    """What it was and is."""
    resource, _ = await store.see(tx, resource_id, me)
    return Versions(items=[shown.version(version) for version in reversed(resource.versions)])


class NewAddress(BaseModel):
    """Where a link leads from now on; without a title it keeps the one it has."""

    url: str
    title: Line | None = None


@router.post("/{resource_id}/versions/link", status_code=201, responses=NOT_YOURS)
async def revise_link(resource_id: str, new: NewAddress, me: Principal, tx: Tx) -> SharedResource:
    """Let a link lead elsewhere. For who shared it, and facilitators."""
    _, standing = await store.see(tx, resource_id, me)
    revised = await store.revise(tx, resource_id, standing, link(new.url), new.title)
    return shown.resource(revised)


@router.post("/{resource_id}/versions/file", status_code=201, responses=NOT_YOURS)
async def revise_file(
    resource_id: str,
    me: Principal,
    tx: Tx,
    *,
    request: Request,
    file: UploadFile,
    title: Annotated[Line | None, Form()] = None,
) -> SharedResource:
    """Put a newer file in the place of a file. For who shared it, and facilitators."""
    resource, standing = await store.see(
        running(request, ResourceSettings).database.reading(), resource_id, me
    )
    resource.require_new_version(standing, "file")
    kept = await receive(request, file)
    _, standing = await store.see(tx, resource_id, me)
    return shown.resource(await store.revise(tx, resource_id, standing, kept, title))


class Restoration(BaseModel):
    """Which version to make the newest again."""

    version: int


@router.post("/{resource_id}/restoration", status_code=201, responses=NOT_YOURS)
async def restore_version(
    resource_id: str, wanted: Restoration, me: Principal, tx: Tx
) -> SharedResource:
    """An earlier version's content becomes a new version; what came between stays to be read."""
    _, standing = await store.see(tx, resource_id, me)
    return shown.resource(
        await store.change(
            tx, resource_id, lambda resource: resource.restore(standing, wanted.version, now())
        )
    )
