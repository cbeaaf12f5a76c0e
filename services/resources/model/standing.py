"""What a person is in a community, and what follows from it."""

from pydantic import BaseModel

from shared.contracts.membership import Privacy
from shared.errors import Forbidden, NotFound

FACILITATORS = {"facilitator", "co-facilitator"}


class MembersOnly(Forbidden):
    """Only members of the community may do this."""


class FacilitatorsOnly(Forbidden):
    """Only those who facilitate the community may do this."""


class Standing(BaseModel, frozen=True):
    """A person in a community, as far as this service has heard."""

    person_id: str
    role: str | None = None
    """None: not a member."""
    privacy: Privacy | None = None
    """What counts for those who do not belong. None: no such community."""
    is_operator: bool = False

    @property
    def may_read(self) -> bool:
        """Members and operators; in an open community everybody who is signed in."""
        if self.role is not None:
            return True
        return self.privacy is not None and (self.is_operator or self.privacy == "open")

    @property
    def facilitates(self) -> bool:
        return self.role in FACILITATORS

    def require_reader(self, absent: str) -> None:
        """Raise what a stranger also gets for things that do not exist."""
        if not self.may_read:
            raise NotFound(absent)

    def require_member(self) -> None:
        if self.role is None:
            raise MembersOnly("Join the community first; then share with it.")

    def require_facilitator(self) -> None:
        if not (self.facilitates or self.is_operator):
            raise FacilitatorsOnly("Ask a facilitator of the community to look into the bin.")
