"""What resources learns from membership, and what it does as time passes."""

from services.resources import store
from shared.contracts.membership import (
    CommunityRedefined,
    CommunityStarted,
    MemberJoined,
    MemberLeft,
    RoleGiven,
)
from shared.database import Database
from shared.listener import Listener
from shared.transaction import Write

on = Listener("resources")


@on.projection(CommunityStarted, CommunityRedefined)
def community(event: CommunityStarted | CommunityRedefined) -> Write:
    return Write("communities", event.community_id, {"privacy": event.privacy})


@on.projection(MemberJoined)
def seat(event: MemberJoined) -> Write:
    return _seat(event, role=event.role, status="active")


@on.projection(RoleGiven)
def role(event: RoleGiven) -> Write:
    return _seat(event, role=event.role)


@on.projection(MemberLeft)
def empty_seat(event: MemberLeft) -> Write:
    return _seat(event, role=None, status="left")


def _seat(event: MemberJoined | RoleGiven | MemberLeft, **fields: str | None) -> Write:
    names = {"community_id": event.community_id, "person_id": event.person_id}
    return Write("memberships", f"{event.community_id}:{event.person_id}", {**names, **fields})


@on.every(seconds=300)
async def sweep_uploads(database: Database) -> None:
    """Bytes that were sent but never shared go after an hour."""
    await store.sweep(database)
