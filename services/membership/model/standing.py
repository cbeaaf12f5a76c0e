"""How one person stands to one community."""

from datetime import datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

Status = Literal["stranger", "invited", "requested", "declined", "active", "left"]


class Standing(BaseModel):
    """A document of its own, so that a community of thousands stays small and quick to change.

    Every rule that changes a standing also changes its community: that orders the events, and makes
    two changes at once conflict. Roles stand in the community, which must know its facilitators.
    """

    model_config = ConfigDict(frozen=True)

    community_id: str
    person_id: str
    status: Status = "stranger"
    since: AwareDatetime | None = None
    invited_by: str | None = None
    reason: str | None = None
    """Why a request was declined."""

    @property
    def belongs(self) -> bool:
        return self.status == "active"

    def becomes(
        self,
        status: Status,
        at: datetime,
        *,
        invited_by: str | None = None,
        reason: str | None = None,
    ) -> Self:
        """Stand to the community in another way from now on."""
        return self.model_copy(
            update={"status": status, "since": at, "invited_by": invited_by, "reason": reason}
        )
