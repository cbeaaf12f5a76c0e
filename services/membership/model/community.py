"""A community and who belongs to it."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import AwareDatetime

from services.membership.model.community_type import CommunityType
from services.membership.model.description import (
    Changes,
    Description,
    Wishes,
    described,
    redescribed,
)
from services.membership.model.roles import Facilitated
from services.membership.model.standing import Standing
from shared.contracts.membership import (
    CommunityRedefined,
    CommunityStarted,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MembershipDeclined,
    MembershipRequested,
)
from shared.errors import Forbidden, Invalid, NotFound, Refused
from shared.events.event import Event


class AlreadyMember(Refused):
    """This person belongs to the community already."""


class AlreadyRequested(Refused):
    """This person asked to belong already."""


class AlreadyInvited(Refused):
    """This person is invited already."""


class InvitationRequired(Forbidden):
    """This community is joined by invitation."""


class NoRequest(NotFound):
    """This person does not wait for an answer."""


class ReasonMissing(Invalid):
    """Who says no says why."""


class Community(Facilitated):
    """What it is, who runs it, how many belong; each person's standing is a document of its own."""

    started_at: AwareDatetime
    members: int = 1

    @classmethod
    def start(
        cls, community_id: str, community_type: CommunityType, wishes: Wishes, by: str, at: datetime
    ) -> tuple[Self, Standing, CommunityStarted, MemberJoined]:
        """Whoever starts a community facilitates it."""
        community = cls(
            community_id=community_id,
            community_type=community_type.type_id,
            started_at=at,
            facilitators=(by,),
            **described(community_type, wishes),
        )
        return (
            community,
            Standing(community_id=community_id, person_id=by).becomes("active", at),
            CommunityStarted(**community._description(), started_by=by),
            MemberJoined(community_id=community_id, person_id=by, role="facilitator"),
        )

    def redefine(self, changes: Changes, by: str) -> Self | tuple[Self, CommunityRedefined]:
        """The community says this of itself from now on. Open requests and invitations stay."""
        self.require_facilitator(by)
        fields = redescribed(changes, privacy=self.privacy, join_policy=self.join_policy)
        after = self.model_copy(update=fields)
        return self if after == self else (after, CommunityRedefined(**after._description()))

    def join(self, standing: Standing, at: datetime) -> tuple[Self, Standing, Event]:
        """Belong at once, or ask to, as the join policy says; who is invited belongs at once."""
        if standing.belongs:
            raise AlreadyMember("There is nothing to do.")
        if standing.status == "invited" or self.join_policy == "open":
            return self._admit(standing, at)
        if self.join_policy == "invite":
            raise InvitationRequired("Ask a facilitator of the community to invite you.")
        if standing.status == "requested":
            raise AlreadyRequested("The facilitators have the request; wait for their answer.")
        requested = MembershipRequested(
            community_id=self.community_id, person_id=standing.person_id
        )
        return self, standing.becomes("requested", at), requested

    def invite(
        self, standing: Standing, by: str, at: datetime
    ) -> tuple[Self, Standing, MemberInvited]:
        """This person may join, whatever the join policy says."""
        self.require_steward(by)
        if standing.belongs:
            raise AlreadyMember("They need no invitation.")
        if standing.status == "invited":
            raise AlreadyInvited("They may join whenever they wish.")
        if standing.status == "requested":
            raise AlreadyRequested("Accept their request instead.")
        invited = MemberInvited(
            community_id=self.community_id, person_id=standing.person_id, invited_by=by
        )
        return self, standing.becomes("invited", at, invited_by=by), invited

    def decide(
        self,
        standing: Standing,
        decision: Literal["accept", "decline"],
        reason: str | None,
        by: str,
        at: datetime,
    ) -> tuple[Self, Standing, Event]:
        """Answer a request to belong; a refusal says why."""
        self.require_steward(by)
        if standing.status != "requested":
            raise NoRequest("They did not ask, or have their answer. Read the requests again.")
        if decision == "accept":
            return self._admit(standing, at)
        if not reason:
            raise ReasonMissing("Tell them why, in a sentence or two.", field="reason")
        declined = MembershipDeclined(
            community_id=self.community_id, person_id=standing.person_id, reason=reason
        )
        return self, standing.becomes("declined", at, reason=reason), declined

    def leave(self, standing: Standing, by: str, at: datetime) -> tuple[Self, Standing, MemberLeft]:
        """Belong no longer. A facilitator may also let others go."""
        if by != standing.person_id:
            self.require_facilitator(by)
        self.require_member(standing)
        after = self.with_role(standing.person_id, "member")
        proposed = after.handover and after.handover.to_person_id
        fields = {
            "members": self.members - 1,
            "handover": None if proposed == standing.person_id else after.handover,
        }
        left = MemberLeft(community_id=self.community_id, person_id=standing.person_id)
        return after.model_copy(update=fields), standing.becomes("left", at), left

    def _admit(self, standing: Standing, at: datetime) -> tuple[Self, Standing, MemberJoined]:
        joined = MemberJoined(community_id=self.community_id, person_id=standing.person_id)
        after = self.model_copy(update={"members": self.members + 1})
        return after, standing.becomes("active", at), joined

    def _description(self) -> dict[str, Any]:
        return self.model_dump(include=set(Description.model_fields))
