"""Membership, wired."""

from services.membership import api, handlers, store
from shared.contracts import membership
from shared.runtime.serve import run
from shared.runtime.service import Service
from shared.runtime.settings import Settings

service = Service(
    "membership",
    api.router,
    handlers.on,
    settings=Settings,
    indexes=store.INDEXES,
    publishes=(
        membership.CommunityTypeDefined,
        membership.CommunityStarted,
        membership.CommunityRedefined,
        membership.MembershipRequested,
        membership.MembershipDeclined,
        membership.MemberInvited,
        membership.MemberJoined,
        membership.MemberLeft,
        membership.RoleGiven,
        membership.HandoverProposed,
        membership.HandoverAccepted,
        membership.HandoverDeclined,
        membership.PersonRegistered,
        membership.PersonChanged,
    ),
)

if __name__ == "__main__":
    run(service)
