"""What resources learns from membership, and what it does as time passes."""

from services.resources import store
from services.resources.settings import ResourceSettings
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

on = Handlers("resources")


@on.projection(CommunityStarted, CommunityRedefined)
def community(event: CommunityStarted | CommunityRedefined) -> Write:
    return Write("communities", event.community_id, {"privacy": event.privacy})


@on.projection(MemberJoined, RoleGiven, MemberLeft)
def seat(event: MemberJoined | RoleGiven | MemberLeft) -> Write:
    """Who has left has no role."""
    fields = {
        "community_id": event.community_id,
        "person_id": event.person_id,
        "role": None if isinstance(event, MemberLeft) else event.role,
    }
    return Write("memberships", f"{event.community_id}:{event.person_id}", fields)


@on.every(seconds=300)
async def sweep_uploads(runtime: Runtime[ResourceSettings]) -> None:
    """Bytes that were sent but never shared go after an hour."""
    await store.sweep(runtime.database)
