"""What scheduling learns from membership, and what it does as time passes."""

from services.scheduling import store
from services.scheduling.settings import SchedulingSettings
from shared.consuming.handlers import Handlers
from shared.contracts.membership import (
    CommunityRedefined,
    CommunityStarted,
    MemberJoined,
    MemberLeft,
    RoleGiven,
)
from shared.runtime.runtime import Runtime
from shared.storage.projection import Write
from shared.storage.unit_of_work import Transaction

on = Handlers("scheduling")


@on.projection(CommunityStarted, CommunityRedefined)
def community(event: CommunityStarted | CommunityRedefined) -> Write:
    fields = {"name": event.name, "privacy": event.privacy}
    return Write("communities", event.community_id, fields)


@on.projection(MemberJoined)
def membership(event: MemberJoined) -> Write:
    return _membership(event, role=event.role, status="active")


@on.projection(RoleGiven)
def role(event: RoleGiven) -> Write:
    return _membership(event, role=event.role)


@on.projection(MemberLeft)
def ended_membership(event: MemberLeft) -> Write:
    return _membership(event, role=None, status="left")


def _membership(event: MemberJoined | RoleGiven | MemberLeft, **fields: str | None) -> Write:
    names = {"community_id": event.community_id, "person_id": event.person_id}
    return Write("memberships", f"{event.community_id}:{event.person_id}", {**names, **fields})


@on(CommunityStarted)
async def open_schedule(event: CommunityStarted, tx: Transaction) -> None:
    """From now on the community may decide when it meets."""
    await store.open_schedule(tx, event.community_id)


@on(MemberLeft)
async def free_seats(event: MemberLeft, tx: Transaction) -> None:
    """Who left makes room in the meetings to come; the first in line moves up."""
    await store.free_seats(tx, event.community_id, event.person_id)


@on.every(seconds=5)
async def announce(runtime: Runtime[SchedulingSettings]) -> None:
    """Invite to the meetings that have come within their community's notice time."""
    await store.announce_due(runtime.database)


@on.every(seconds=60)
async def extend(runtime: Runtime[SchedulingSettings]) -> None:
    """Let the meetings of each rhythm stand six months ahead."""
    await store.extend_due(runtime.database)
