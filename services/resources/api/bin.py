"""The recycle bin."""

from pydantic import AwareDatetime, BaseModel

from services.resources import store
from services.resources.api import shown
from services.resources.api.refusals import NOT_YOURS, ONLY_FACILITATORS
from services.resources.api.shown import SharedResource
from shared.http.auth import Principal
from shared.http.paging import Paging
from shared.http.router import Router, Tx
from shared.types.clock import now

router = Router(tags=["recycle bin"])


@router.delete("/resources/{resource_id}", status_code=204, responses=NOT_YOURS)
async def bin_resource(resource_id: str, me: Principal, tx: Tx) -> None:
    """Put it into the recycle bin: nobody finds it. For who shared it, and facilitators."""
    _, standing = await store.see(tx, resource_id, me)
    await store.change(tx, resource_id, lambda resource: resource.bin(standing, now()))


@router.post("/resources/{resource_id}/recovery", responses=NOT_YOURS)
async def recover_resource(resource_id: str, me: Principal, tx: Tx) -> SharedResource:
    """Take it out of the bin again. For facilitators, and who put it there."""
    _, standing = await store.see_in_bin(tx, resource_id, me)
    recovered = await store.change(tx, resource_id, lambda resource: resource.recover(standing))
    tx.tag()
    return shown.resource(recovered)


class BinnedResource(SharedResource):
    """What is in the bin, since when and by whom."""

    binned_at: AwareDatetime | None
    binned_by: str | None


class Bin(BaseModel):
    """One page of a recycle bin."""

    items: list[BinnedResource]
    next: str | None


@router.get("/communities/{community_id}/bin", responses=ONLY_FACILITATORS)
async def list_bin(community_id: str, me: Principal, tx: Tx, page: Paging) -> Bin:
    """What is in a community's bin, what was shared last first. For facilitators and operators."""
    standing = await store.standing_in(tx, community_id, me)
    standing.require_facilitator()
    listed = await store.binned(tx, community_id, shown.after(page), page.wanted)
    binned, following = page.cut(listed, lambda resource: (resource.resource_id,))
    return Bin(
        items=[
            BinnedResource(
                **dict(shown.resource(resource)),
                binned_at=resource.binned_at,
                binned_by=resource.binned_by,
            )
            for resource in binned
        ],
        next=following,
    )
