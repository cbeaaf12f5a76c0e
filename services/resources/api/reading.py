"""Lists, one resource, search: only what I may see."""

from typing import Annotated

from fastapi import Query, Request
from pydantic import StringConstraints

from services.resources import store
from services.resources.api import shown
from services.resources.api.shown import SharedResource, SharedResources
from shared.http.auth import Principal
from shared.http.paging import Paging, cursor
from shared.http.router import Router, Tx

router = Router(tags=["resources"])


@router.get("/communities/{community_id}/resources")
async def list_resources(
    community_id: str, me: Principal, tx: Tx, page: Paging, request: Request
) -> SharedResources:
    """What a community shares, the newest first. 404 unless it is open or I am a member."""
    await store.standing(tx, community_id, me)
    found = await store.in_community(tx, community_id, shown.after(page), page.limit + 1)
    return shown.resources(found, page, request.url.path)


@router.get("/resources/{resource_id}")
async def read_resource(resource_id: str, me: Principal, tx: Tx) -> SharedResource:
    """One resource. 404 unless its community is open or I am a member."""
    resource, _ = await store.see(tx, resource_id, me)
    return shown.resource(resource)


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


@router.get("/search")
async def search_resources(
    me: Principal,
    tx: Tx,
    page: Paging,
    *,
    request: Request,
    q: Annotated[Words, Query()],
    community: Annotated[str | None, Query(max_length=100)] = None,
) -> SharedResources:
    """What fits any of the words in title, tags or description, the best first.

    `"two words"` fits the phrase, `-word` leaves out. A community I may not see is as one that
    shares nothing.
    """
    after = page.position(float, str)
    found = await store.search(tx, q, me, community_id=community, after=after, limit=page.limit + 1)
    items = found[: page.limit]
    more = len(found) > page.limit
    return SharedResources(
        items=[shown.resource(resource) for _, resource in items],
        next=cursor(request.url.path, items[-1][0], items[-1][1].resource_id) if more else None,
    )
