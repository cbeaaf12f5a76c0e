"""Share something new with a community."""

from typing import Annotated

from fastapi import Form, Request, Response, UploadFile

from services.resources import store
from services.resources.api import shown
from services.resources.api.refusals import ONLY_MEMBERS
from services.resources.api.shown import SharedResource
from services.resources.api.uploads import receive
from services.resources.model import About, Resource, Tags, link
from services.resources.settings import ResourceSettings
from shared.http.auth import Principal
from shared.http.router import Router, Tx
from shared.runtime.runtime import running
from shared.types.fields import Description, Line

router = Router(prefix="/communities", tags=["resources"])


class NewLink(About, frozen=True):
    """A link to be shared."""

    url: str


@router.post("/{community_id}/links", status_code=201, responses=ONLY_MEMBERS)
async def share_link(
    community_id: str, new: NewLink, me: Principal, tx: Tx, response: Response
) -> SharedResource:
    """Share a link; only members do. The community is told."""
    await store.standing_in(tx, community_id, me)
    about = About(title=new.title, description=new.description, tags=new.tags)
    return _created(response, tx, await store.share(tx, community_id, me, link(new.url), about))


@router.post("/{community_id}/files", status_code=201, responses=ONLY_MEMBERS)
async def share_file(
    community_id: str,
    me: Principal,
    tx: Tx,
    *,
    request: Request,
    response: Response,
    file: UploadFile,
    title: Annotated[Line, Form()],
    description: Annotated[Description, Form()] = "",
    tags: Annotated[Tags, Form()] = (),
) -> SharedResource:
    """Share a file; only members do. The community is told.

    413 if it is too large. 422 if its kind is not accepted, or its content is not what its name says.
    """
    (
        await store.standing_in(
            running(request, ResourceSettings).database.reading(), community_id, me
        )
    ).require_member()
    kept = await receive(request, file)
    about = About(title=title, description=description, tags=tags)
    return _created(response, tx, await store.share(tx, community_id, me, kept, about))


def _created(response: Response, tx: Tx, resource: Resource) -> SharedResource:
    tx.tag()
    response.headers["location"] = f"/resources/{resource.resource_id}"
    return shown.resource(resource)
