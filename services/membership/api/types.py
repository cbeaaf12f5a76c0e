"""Community types: read by everybody, defined by operators."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Response
from pydantic import BaseModel

from services.membership import store
from services.membership.api.lists import after_id
from services.membership.model import CommunityType, Definition
from shared.http.auth import Principal
from shared.http.keys import OPERATOR
from shared.http.paging import Paging
from shared.http.router import Router, Tx

router = Router(prefix="/community-types", tags=["community types"])

TypeId = Annotated[str, Path(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class CommunityTypes(BaseModel):
    """One page of community types."""

    items: Sequence[CommunityType]
    next: str | None


@router.get("")
async def list_types(me: Principal, tx: Tx, page: Paging) -> CommunityTypes:
    """The kinds of communities one may start."""
    listed = await store.types_after(tx, after_id(page), page.wanted)
    items, following = page.cut(listed, lambda community_type: (community_type.type_id,))
    return CommunityTypes(items=items, next=following)


@router.get("/{type_id}", responses={404: {"description": "There is no such type"}})
async def read_type(type_id: TypeId, me: Principal, tx: Tx) -> CommunityType:
    """A type's charter, agreement, questions and proposed rhythm."""
    community_type = await store.type_of(tx, type_id)
    tx.tag()
    return community_type


class NewDefinition(Definition, extra="forbid"):
    """All that a type says."""


@router.put(
    "/{type_id}",
    responses={201: {"model": CommunityType}, 403: {"description": "For operators"}},
)
async def define_type(
    type_id: TypeId, definition: NewDefinition, me: Principal, tx: Tx, response: Response
) -> CommunityType:
    """Define a type, or say it anew; every service knows it from now on. For operators."""
    me.require_scope(OPERATOR)
    community_type, new = await store.define_type(tx, type_id, definition)
    tx.tag()
    if new:
        response.status_code = 201
        response.headers["location"] = f"/community-types/{type_id}"
    return community_type
