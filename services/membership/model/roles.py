"""Who runs a community: it always has a facilitator."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from services.membership.model.description import Description
from services.membership.model.standing import Standing
from shared.contracts.membership import (
    HandoverAccepted,
    HandoverDeclined,
    HandoverProposed,
    Role,
    RoleGiven,
)
from shared.errors import Forbidden, NotFound, Refused
from shared.events.event import Event


class Handover(BaseModel):
    """A facilitator has asked a member to take over, and waits for the answer."""

    model_config = ConfigDict(frozen=True)

    from_person_id: str
    to_person_id: str


class FacilitatorsOnly(Forbidden):
    """Only those who facilitate the community may do this."""


class NotAMember(NotFound):
    """This person does not belong to the community."""


class MembersOnly(Forbidden):
    """Only members of the community may do this."""


class LastFacilitator(Refused):
    """A community cannot be left without a facilitator."""


class AlreadyFacilitator(Refused):
    """This person facilitates the community already."""


class NoHandover(NotFound):
    """Nobody has been asked to take over."""


class NotProposed(Forbidden):
    """Only the member who was asked to take over may answer."""


class Facilitated(Description):
    """A community as those who run it see it, and how they pass that on.

    A facilitator may do everything; a co-facilitator invites and decides requests.
    """

    facilitators: tuple[str, ...]
    co_facilitators: tuple[str, ...] = ()
    handover: Handover | None = None

    def role_of(self, person_id: str) -> Role:
        """The role of somebody who belongs."""
        if person_id in self.facilitators:
            return "facilitator"
        return "co-facilitator" if person_id in self.co_facilitators else "member"

    def require_members_visible_to(self, reader: Standing) -> None:
        """Raise MembersOnly unless the reader belongs."""
        if not reader.belongs:
            raise MembersOnly("Join the community first.")

    def give_role(self, standing: Standing, role: Role, by: str) -> Self | tuple[Self, RoleGiven]:
        """A member has another role from now on."""
        self.require_facilitator(by)
        self.require_member(standing)
        if self.role_of(standing.person_id) == role:
            return self
        return self.with_role(standing.person_id, role), self._role_given(standing.person_id, role)

    def propose_handover(self, to: Standing, by: str) -> tuple[Self, HandoverProposed]:
        """Ask a member to take over. A later proposal takes the place of an earlier one."""
        self.require_facilitator(by)
        self.require_member(to)
        if to.person_id in self.facilitators:
            raise AlreadyFacilitator("You may step down: give yourself another role, or leave.")
        handover = Handover(from_person_id=by, to_person_id=to.person_id)
        proposed = HandoverProposed(community_id=self.community_id, **dict(handover))
        return self.model_copy(update={"handover": handover}), proposed

    def require_handover_visible_to(self, reader: Standing) -> None:
        """Raise NotProposed unless the reader belongs: whether one waits is not for strangers."""
        if not reader.belongs:
            raise NotProposed("Join the community first.")

    def answer_handover(self, by: str, *, accept: bool) -> tuple[Self, *tuple[Event, ...]]:
        """Who accepts becomes facilitator, and who proposed it a co-facilitator, ready to help."""
        if self.handover is None:
            raise NoHandover("Perhaps it was answered, or one of the two has left.")
        old, new = self.handover.from_person_id, self.handover.to_person_id
        if by != new:
            raise NotProposed("Wait for their answer, or propose it to somebody else.")
        if not accept:
            declined = HandoverDeclined(community_id=self.community_id, **dict(self.handover))
            return self.model_copy(update={"handover": None}), declined
        return (
            self.with_role(new, "facilitator").with_role(old, "co-facilitator"),
            HandoverAccepted(community_id=self.community_id, **dict(self.handover)),
            self._role_given(new, "facilitator"),
            self._role_given(old, "co-facilitator"),
        )

    def require_facilitator(self, person_id: str) -> None:
        if person_id not in self.facilitators:
            raise FacilitatorsOnly("Ask a facilitator of the community.")

    def require_steward(self, person_id: str) -> None:
        if person_id not in (*self.facilitators, *self.co_facilitators):
            raise FacilitatorsOnly("Ask a facilitator or co-facilitator of the community.")

    def require_member(self, standing: Standing) -> None:
        if not standing.belongs:
            raise NotAMember("Read the members again.")

    def with_role(self, person_id: str, role: Role) -> Self:
        """Move a person between the lists; a handover whose sense is gone goes too."""
        remaining = tuple(id for id in self.facilitators if id != person_id)
        helpers = tuple(id for id in self.co_facilitators if id != person_id)
        facilitators = (*remaining, person_id) if role == "facilitator" else remaining
        if not facilitators:
            raise LastFacilitator(
                "First propose a handover and have it accepted, or make another member facilitator."
            )
        handover = self.handover
        void = handover and (
            handover.from_person_id not in facilitators or handover.to_person_id in facilitators
        )
        return self.model_copy(
            update={
                "facilitators": facilitators,
                "co_facilitators": (*helpers, person_id) if role == "co-facilitator" else helpers,
                "handover": None if void else handover,
            }
        )

    def _role_given(self, person_id: str, role: Role) -> RoleGiven:
        return RoleGiven(community_id=self.community_id, person_id=person_id, role=role)
