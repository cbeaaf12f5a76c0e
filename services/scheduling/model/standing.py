"""What a person is in a community, as far as this service has heard, and what follows from it."""

from typing import Self

from pydantic import BaseModel

from shared.contracts.membership import Privacy, Role
from shared.errors import Forbidden, NotFound


class UnknownCommunity(NotFound):
    """There is no such community here that you may see."""


class MembersOnly(Forbidden):
    """Only members of the community may do this."""


class FacilitatorsOnly(Forbidden):
    """Only those who facilitate the community may do this."""


class Standing(BaseModel, frozen=True):
    """A reader in front of a community."""

    community_id: str
    person_id: str
    privacy: Privacy | None = None
    """What counts for those who do not belong. None: nothing is known of such a community."""
    role: Role | None = None
    """None: the person does not belong."""

    @property
    def belongs(self) -> bool:
        return self.role is not None

    @property
    def facilitates(self) -> bool:
        return self.role in ("facilitator", "co-facilitator")

    @property
    def may_read(self) -> bool:
        """Meetings of an open community are for all to see; of any other, for its members."""
        return self.belongs or self.privacy == "open"

    def require_reader(self) -> Self:
        """Raise what also answers for a community that does not exist."""
        if not self.may_read:
            raise UnknownCommunity(
                f"No community {self.community_id} that you may see is known here. If it was started,"
                " or you joined it, a moment ago, try again in a few seconds."
            )
        return self

    def require_member(self) -> Self:
        if not self.require_reader().belongs:
            raise MembersOnly(
                "Join the community first. If you joined a moment ago, try again in a few seconds."
            )
        return self

    def require_facilitator(self) -> Self:
        if not self.require_reader().facilitates:
            raise FacilitatorsOnly("Ask a facilitator or co-facilitator of the community.")
        return self
