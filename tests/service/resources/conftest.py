"""A community of every privacy level, people in it, and words for what they do."""

import pytest

from shared.contracts.membership import CommunityStarted, MemberJoined, MemberLeft, Privacy, Role
from tests.support.service import Service, started

LEVELS: tuple[Privacy, ...] = ("open", "restricted", "private", "confidential")


def a_community(community_id: str, privacy: Privacy = "open") -> CommunityStarted:
    return started(community_id, privacy, name=community_id)


def joins(community_id: str, person_id: str, role: Role = "member") -> MemberJoined:
    return MemberJoined(community_id=community_id, person_id=person_id, role=role)


@pytest.fixture
async def region(service: Service) -> Service:
    """In each of four communities: Ann and Bob are members, Fay facilitates, Lea has left."""
    for privacy in LEVELS:
        await service.happens(
            a_community(privacy, privacy),
            joins(privacy, "fay", "facilitator"),
            joins(privacy, "ann"),
            joins(privacy, "bob"),
            joins(privacy, "lea"),
            MemberLeft(community_id=privacy, person_id="lea"),
        )
    return service
