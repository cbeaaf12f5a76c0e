"""Communities: start, read, describe anew."""

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from services.membership import store
from services.membership.api.lists import after_id
from services.membership.model import Changes, Community, Handover, Standing, Status, View, Wishes
from shared.contracts.membership import Format, JoinPolicy, Privacy, Role
from shared.errors import Invalid
from shared.events.event import new_id
from shared.http.auth import Principal
from shared.http.keys import Person
from shared.http.paging import Paging
from shared.http.router import Router, Tx
from shared.types.clock import now

router = Router(prefix="/communities", tags=["communities"])
HIDDEN: dict[int | str, dict[str, Any]] = {404: {"description": "Nothing here that I may know of"}}


_absent: Any = Field(default=None, exclude_if=lambda value: value is None)


class CommunityPage(BaseModel):
    """As much of a community as I may read, which `view` tells; the rest is left out."""

    view: View
    community_id: str
    name: str
    privacy: Privacy
    my_status: Status | None = _absent
    my_role: Role | None = _absent

    community_type: str | None = _absent
    purpose: str | None = _absent
    places: tuple[str, ...] | None = _absent
    format: Format | None = _absent
    join_policy: JoinPolicy | None = _absent

    charter: str | None = _absent
    members: int | None = _absent
    facilitators: tuple[str, ...] | None = _absent
    co_facilitators: tuple[str, ...] | None = _absent
    started_at: AwareDatetime | None = _absent
    handover: Handover | None = _absent
    """Only for members: who has asked whom to take over."""


_NAME = {"community_id", "name", "privacy"}
_SUMMARY = {*_NAME, "community_type", "purpose", "places", "format", "join_policy"}
_READ: dict[View, set[str]] = {
    "name": _NAME,
    "summary": _SUMMARY,
    "full": {*_SUMMARY, "charter", "members", "facilitators", "co_facilitators", "started_at"},
}


def page_of(community: Community, standing: Standing, me: Person) -> CommunityPage:
    """What I may read of a community. NotFound where that is nothing."""
    view = community.view_for(standing, operator=me.is_operator)
    inside = standing.belongs or me.is_operator
    return CommunityPage(
        view=view,
        my_status=None if standing.status == "stranger" else standing.status,
        my_role=community.role_of(me.person_id) if standing.belongs else None,
        handover=community.handover if inside else None,
        **community.model_dump(include=_READ[view]),
    )


class Communities(BaseModel):
    """One page of communities."""

    items: list[CommunityPage]
    next: str | None


class NewCommunity(Wishes):
    """A community to be started."""

    community_type: str


class UnknownType(Invalid):
    """There is no such community type."""


@router.post("", status_code=201)
async def start_community(
    wishes: NewCommunity, me: Principal, tx: Tx, response: Response
) -> CommunityPage:
    """Start a community and facilitate it. What I leave out comes from its type."""
    community_type = await store.type_if_known(tx, wishes.community_type)
    if community_type is None:
        type_ids = [known.type_id for known in await store.types_after(tx, "")]
        names = ", ".join(type_ids) or "none yet"
        raise UnknownType(f"The known types are: {names}.", field="community_type", known=type_ids)
    await store.register(tx, me, now())
    community, standing, *events = Community.start(
        new_id(), community_type, wishes, me.person_id, now()
    )
    store.add(tx, community, standing, *events)
    tx.tag()
    response.headers["location"] = f"/communities/{community.community_id}"
    return page_of(community, standing, me)


class Filters(BaseModel, extra="ignore"):
    """Which communities: of a type, in a place."""

    type: str | None = None
    place: str | None = None


@router.get("")
async def list_communities(
    me: Principal, tx: Tx, page: Paging, only: Annotated[Filters, Query()]
) -> Communities:
    """The communities I may know of, the oldest first."""
    standings = await store.standings_of(tx, me.person_id)
    communities = await store.communities_for(
        tx, me, standings.values(), only.type, only.place, after=after_id(page), limit=page.wanted
    )
    items, following = page.cut(communities, lambda community: (community.community_id,))
    return Communities(
        items=[
            page_of(
                community, standings.get(community.community_id) or _stranger(community, me), me
            )
            for community in items
        ],
        next=following,
    )


def _stranger(community: Community, me: Person) -> Standing:
    return Standing(community_id=community.community_id, person_id=me.person_id)


@router.get("/{community_id}", responses=HIDDEN)
async def read_community(community_id: str, me: Principal, tx: Tx) -> CommunityPage:
    """A community's page: all, a summary or the name, as its privacy says. 404 if confidential."""
    community, standing, _ = await store.seen_by(tx, community_id, me)
    if standing.belongs and not me.is_operator:
        tx.tag()  # how often it changed is not for strangers, and operators see more
    return page_of(community, standing, me)


@router.patch(
    "/{community_id}",
    responses=HIDDEN
    | {403: {"description": "`facilitators-only`"}, 412: {"description": "`changed`"}},
)
async def redefine_community(
    community_id: str, changes: Changes, me: Principal, tx: Tx
) -> CommunityPage:
    """Describe a community anew. For facilitators; send If-Match to change only what you read."""
    _, standing, _ = await store.seen_by(tx, community_id, me)
    community = await store.change(
        tx, community_id, lambda community: community.redefine(changes, me.person_id)
    )
    tx.tag()
    return page_of(community, standing, me)
