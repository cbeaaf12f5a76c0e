"""A community of a usual type, and somebody who stands to it in some way."""

from datetime import UTC, datetime
from typing import Any

from services.membership.model import Community, CommunityType, Definition, Standing, Wishes

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
ANN = {"community_id": "c1", "person_id": "ann"}


def a_type(**fields: Any) -> CommunityType:
    usual = {"name": "Leads", "purpose": "Learn", "charter": "Kind", "agreement": "Private"}
    kind, _ = CommunityType.define("leads", Definition.model_validate(usual | fields))
    return kind


def a_community(**wishes: Any) -> Community:
    usual = {"name": "Leads in Leeds", "places": ["Leeds"]}
    asked = Wishes.model_validate(usual | wishes)
    return Community.start("c1", a_type(), asked, "fay", NOON)[0]


def somebody(status: Any = "stranger", person_id: str = "ann") -> Standing:
    return Standing(community_id="c1", person_id=person_id, status=status)
