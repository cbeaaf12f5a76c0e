"""The rules of who belongs; pure: no clock, no database, no broker."""

from services.membership.model.community import Community
from services.membership.model.community_type import CommunityType, Definition, Rhythm
from services.membership.model.description import Changes, Description, View, Wishes
from services.membership.model.person import Person
from services.membership.model.roles import Handover
from services.membership.model.standing import Standing, Status

__all__ = [
    "Changes",
    "Community",
    "CommunityType",
    "Definition",
    "Description",
    "Handover",
    "Person",
    "Rhythm",
    "Standing",
    "Status",
    "View",
    "Wishes",
]
