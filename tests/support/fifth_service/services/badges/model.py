"""Who has a badge, and what for."""

from pydantic import BaseModel

from shared.contracts.badges import BadgeGiven


class Holder(BaseModel, frozen=True):
    """A person with a badge."""

    person_id: str
    community_id: str
    """The first that they joined."""

    @classmethod
    def of(cls, person_id: str, community_id: str) -> tuple["Holder", BadgeGiven]:
        holder = cls(person_id=person_id, community_id=community_id)
        return holder, BadgeGiven(person_id=person_id, community_id=community_id)
