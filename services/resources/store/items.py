"""Resources, as far as somebody may see them."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from services.resources.model import About, File, Link, Resource, Standing
from services.resources.model import share as shared
from services.resources.store.blobs import adopt
from services.resources.store.standings import readable, standing_in
from shared.contracts.resources import ResourceEvent
from shared.errors import NotFound
from shared.events.event import Document, new_id
from shared.http.keys import Person
from shared.storage.unit_of_work import Filter, Transaction
from shared.types.clock import now
from shared.types.fields import Line

V = TypeVar("V", bound=BaseModel)
"""What a list is read as."""

Decision = tuple[Resource, ResourceEvent]


async def see(tx: Transaction, resource_id: str, me: Person) -> tuple[Resource, Standing]:
    """A resource that somebody may see, and what they are in its community.

    NotFound, in the same words, if there is none, if it is in the bin, and if they may not see it.
    """
    resource, standing = await see_in_bin(tx, resource_id, me)
    if resource.binned_at is not None:
        raise NotFound(_absent(resource_id))
    return resource, standing


async def see_in_bin(tx: Transaction, resource_id: str, me: Person) -> tuple[Resource, Standing]:
    """The same, wherever it is. The bin is seen by facilitators and operators, and who put it there."""
    try:
        resource = await tx.load("resources", Resource, resource_id)
    except NotFound:
        raise NotFound(_absent(resource_id)) from None
    standing = await standing_in(tx, resource.community_id, me, absent=_absent(resource_id))
    may_see = (
        standing.facilitates or standing.is_operator or standing.person_id == resource.binned_by
    )
    if resource.binned_at and not may_see:
        raise NotFound(_absent(resource_id))
    return resource, standing


async def share(
    tx: Transaction, community_id: str, me: Person, content: Link | File, about: About
) -> Resource:
    """Keep something new and tell that it is shared."""
    standing = await standing_in(tx, community_id, me)
    resource_id = new_id()
    resource, event = shared(
        standing, content, about, resource_id=resource_id, community_id=community_id, at=now()
    )
    if isinstance(content, File):
        await adopt(tx, content.blob_id)
    tx.add("resources", resource_id, resource, event)
    return resource


async def revise(
    tx: Transaction, resource_id: str, standing: Standing, content: Link | File, title: Line | None
) -> Resource:
    """Keep a new version; a file's bytes are kept with it."""
    if isinstance(content, File):
        await adopt(tx, content.blob_id)
    return await change(
        tx, resource_id, lambda resource: resource.revise(standing, content, title, now())
    )


async def change(
    tx: Transaction, resource_id: str, decide: Callable[[Resource], Decision]
) -> Resource:
    """Ask a rule, keep what it decides."""
    return await tx.change("resources", Resource, resource_id, decide)


async def in_community(
    tx: Transaction, community_id: str, after: str | None, limit: int, view: type[V]
) -> list[V]:
    """What a community shares, the newest first, read as a list shows it."""
    where = {"community_id": community_id, "binned_at": None}
    return await _list(tx, where, after, limit, view)


async def binned(
    tx: Transaction, community_id: str, after: str | None, limit: int
) -> list[Resource]:
    """What is in a community's bin, what was shared last first."""
    where = {"community_id": community_id, "binned_at": {"$ne": None}}
    return await _list(tx, where, after, limit, Resource)


async def search(
    tx: Transaction,
    words: str,
    me: Person,
    view: type[V],
    *,
    community_id: str | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[tuple[float, V]]:
    """What somebody may see that fits the words, the best first, with how well it fits."""
    where: Filter = {
        "$text": {"$search": words},
        "binned_at": None,
        "$and": [await readable(tx, me), {"community_id": community_id} if community_id else {}],
    }
    stages: list[Document] = [{"$match": where}, {"$set": {"score": {"$meta": "textScore"}}}]
    if after:
        score, resource_id = after
        later = [{"score": {"$lt": score}}, {"score": score, "_id": {"$lt": resource_id}}]
        stages.append({"$match": {"$or": later}})
    stages += [{"$sort": {"score": -1, "_id": -1}}, {"$limit": limit}]
    documents: list[Document] = await tx.aggregate("resources", stages)
    return [(document["score"], view.model_validate(document)) for document in documents]


async def _list(
    tx: Transaction, where: Document, after: str | None, limit: int, view: type[V]
) -> list[V]:
    if after is not None:
        where["_id"] = {"$lt": after}
    found = await tx.find("resources", where, sort=[("_id", -1)], limit=limit)
    return [view.model_validate(document) for document in found]


def _absent(resource_id: str) -> str:
    return f"Nothing in resources is {resource_id} that you may see. If it was made a moment ago, try again."
