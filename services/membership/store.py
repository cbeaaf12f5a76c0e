"""Where communities, types and people are kept."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pymongo import IndexModel

from services.membership.model import (
    Community,
    CommunityType,
    Definition,
    Person,
    Standing,
    View,
)
from shared.events.event import Event
from shared.http.keys import Person as Caller
from shared.storage.unit_of_work import Transaction

INDEXES: dict[str, list[IndexModel]] = {
    "community_types": [],
    "communities": [
        IndexModel([("community_type", 1), ("_id", 1)]),
        IndexModel([("places", 1), ("_id", 1)]),
    ],
    "standings": [
        IndexModel([("community_id", 1), ("status", 1), ("person_id", 1)]),
        IndexModel([("person_id", 1), ("status", 1)]),
    ],
    "people": [],
}

# Community types


async def define_type(
    tx: Transaction, type_id: str, definition: Definition
) -> tuple[CommunityType, bool]:
    """What a type says from now on, and whether it is a new type."""
    if await tx.get("community_types", type_id) is None:
        community_type, defined = CommunityType.define(type_id, definition)
        tx.add("community_types", type_id, community_type, defined)
        return community_type, True
    community_type = await tx.change(
        "community_types",
        CommunityType,
        type_id,
        lambda community_type: community_type.redefine(definition),
    )
    return community_type, False


async def type_of(tx: Transaction, type_id: str) -> CommunityType:
    return await tx.load("community_types", CommunityType, type_id)


async def type_if_known(tx: Transaction, type_id: str) -> CommunityType | None:
    document = await tx.get("community_types", type_id)
    return CommunityType.model_validate(document) if document else None


async def types_after(tx: Transaction, type_id: str, limit: int = 0) -> list[CommunityType]:
    """Types in the order of their ids."""
    documents = await tx.find(
        "community_types", {"_id": {"$gt": type_id}}, sort=[("_id", 1)], limit=limit
    )
    return [CommunityType.model_validate(document) for document in documents]


# People


async def register(tx: Transaction, me: Caller, at: datetime) -> None:
    """Register a person nobody had seen, from what the token says of them."""
    if await tx.get("people", me.person_id) is None:
        await save_person(tx, me, None, None, at)


async def save_person(
    tx: Transaction, me: Caller, name: str | None, zone: str | None, at: datetime
) -> tuple[Person, bool]:
    """A person as they are from now on, and whether they are new."""
    name = name or me.name
    if await tx.get("people", me.person_id) is None:
        person, registered = Person.register(me.person_id, name, me.email, zone, at)
        tx.add("people", me.person_id, person, registered)
        return person, True
    person = await tx.change(
        "people", Person, me.person_id, lambda person: person.change(name, me.email, zone)
    )
    return person, False


async def person(tx: Transaction, person_id: str) -> Person:
    return await tx.load("people", Person, person_id)


async def names_of(tx: Transaction, person_ids: Iterable[str]) -> dict[str, str]:
    """The names of those of these people who are registered."""
    people = await tx.find("people", {"_id": {"$in": list(person_ids)}})
    return {person["_id"]: person["name"] for person in people}


# Communities


def add(tx: Transaction, community: Community, starter: Standing, *events: Event) -> None:
    tx.add("communities", community.community_id, community, *events)
    _keep(tx, starter)


async def seen_by(
    tx: Transaction, community_id: str, me: Caller
) -> tuple[Community, Standing, View]:
    """A community, how I stand to it, how much of it I may read. NotFound if nothing.

    Every route begins with it: what comes after, an If-Match that fails for one, may be answered.
    """
    community = await tx.load("communities", Community, community_id)
    standing = await standing_in(tx, community_id, me.person_id)
    return community, standing, community.view_for(standing, operator=me.is_operator)


async def standing_in(tx: Transaction, community_id: str, person_id: str) -> Standing:
    document = await tx.get("standings", f"{community_id}:{person_id}")
    return Standing.model_validate(
        document or {"community_id": community_id, "person_id": person_id}
    )


async def standings_of(tx: Transaction, person_id: str) -> dict[str, Standing]:
    """How a person stands, by community."""
    documents = await tx.find("standings", {"person_id": person_id})
    return {document["community_id"]: Standing.model_validate(document) for document in documents}


async def standings_in(
    tx: Transaction, community_id: str, status: str, after: str, limit: int
) -> list[Standing]:
    """People of a status in the order of their ids."""
    where = {"community_id": community_id, "status": status, "person_id": {"$gt": after}}
    documents = await tx.find("standings", where, sort=[("person_id", 1)], limit=limit)
    return [Standing.model_validate(document) for document in documents]


async def communities_for(
    tx: Transaction,
    me: Caller,
    standings: Iterable[Standing],
    type_id: str | None,
    place: str | None,
    *,
    after: str,
    limit: int,
) -> list[Community]:
    """Communities whose page I may read, in the order they were started.

    A filter finds a private community only for those who may read what it filters by: its name
    alone is not to tell a stranger where it is or what it is about.
    """
    where: dict[str, Any] = {"_id": {"$gt": after}}
    where |= {"community_type": type_id} if type_id else {}
    where |= {"places": place} if place else {}
    if not me.is_operator:
        own = [s.community_id for s in standings if s.status in ("active", "invited")]
        public = ["open", "restricted"] if type_id or place else ["open", "restricted", "private"]
        where["$or"] = [{"privacy": {"$in": public}}, {"_id": {"$in": own}}]
    documents = await tx.find("communities", where, sort=[("_id", 1)], limit=limit)
    return [Community.model_validate(document) for document in documents]


async def change(
    tx: Transaction,
    community_id: str,
    decide: Callable[[Community], Community | tuple[Community, *tuple[Event, ...]]],
) -> Community:
    return await tx.change("communities", Community, community_id, decide)


async def change_standing(
    tx: Transaction,
    community_id: str,
    person_id: str,
    decide: Callable[[Community, Standing], tuple[Community, Standing, Event]],
) -> tuple[Community, Standing]:
    """Change how a person stands to a community; both are kept, or neither."""
    standing = await standing_in(tx, community_id, person_id)

    def rule(community: Community) -> tuple[Community, Event]:
        nonlocal standing
        community, standing, event = decide(community, standing)
        return community, event

    community = await change(tx, community_id, rule)
    _keep(tx, standing)
    return community, standing


def _keep(tx: Transaction, standing: Standing) -> None:
    id = f"{standing.community_id}:{standing.person_id}"
    tx.replace("standings", id, standing.model_dump())
