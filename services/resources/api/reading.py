"""Lists, one resource, search: only what I may see."""

from typing import Annotated

from fastapi import Query
from pydantic import StringConstraints

from services.resources import store
from services.resources.api import shown
from services.resources.api.shown import SharedResource, SharedResources
from shared.http.auth import Principal
from shared.http.paging import Paging
from shared.http.router import Router, Tx

router = Router(tags=["resources"])


@router.get("/communities/{community_id}/resources")
async def list_resources(community_id: str, me: Principal, tx: Tx, page: Paging) -> SharedResources:
    """What a community shares, the newest first. 404 unless it is open or I am a member."""
    await store.standing_in(tx, community_id, me)
    listed = await store.in_community(
        tx, community_id, shown.after(page), page.wanted, shown.Listed
    )
    return shown.resources(listed, page)


@router.get("/resources/{resource_id}")
async def read_resource(resource_id: str, me: Principal, tx: Tx) -> SharedResource:
    """One resource. 404 unless its community is open or I am a member."""
    resource, _ = await store.see(tx, resource_id, me)
    tx.tag()
    return shown.resource(resource)


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


@router.get("/search")
async def search_resources(
    me: Principal,
    tx: Tx,
    page: Paging,
    *,
    q: Annotated[Words, Query()],
    community: Annotated[str | None, Query(max_length=100)] = None,
) -> SharedResources:
    """What fits any of the words in title, tags or description, the best first.

    `"two words"` fits the phrase, `-word` leaves out. A community I may not see is as one that
    shares nothing.
    """
    after = page.position(float, str)
    matches = await store.search(
        *(tx, q, me, shown.Listed), community_id=community, after=after, limit=page.wanted
    )
    fitting, following = page.cut(matches, lambda scored: (scored[0], scored[1].resource_id))
    return SharedResources(items=[resource for _, resource in fitting], next=following)
