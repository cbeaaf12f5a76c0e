"""What membership publishes: community types, communities and who belongs, people."""

from datetime import time
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.events.event import Event
from shared.types.clock import Moment
from shared.types.fields import Texts

Privacy = Literal["open", "restricted", "private", "confidential"]
JoinPolicy = Literal["open", "request", "invite"]
Format = Literal["in-person", "online", "hybrid"]
Role = Literal["facilitator", "co-facilitator", "member"]


class RhythmProposal(BaseModel):
    """How a type's communities usually meet; each community decides for itself."""

    model_config = ConfigDict(frozen=True)

    frequency: Literal["weekly", "monthly"]
    interval: int = 1
    weekday: Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    nth: int | None = None
    local_time: time
    zone: str = "Europe/London"
    minutes: int = 60
    format: Format = "online"


class CommunityTypeEvent(Event, topic="membership.community-types", key="type_id"):
    """The whole type: the topic is compacted, so the last event must tell everything."""

    type_id: str
    name: str
    purpose: str
    charter: str
    agreement: str
    join_questions: Texts = ()
    privacy: Privacy = "open"
    join_policy: JoinPolicy = "open"
    rhythm: RhythmProposal | None = None


class CommunityTypeDefined(CommunityTypeEvent):
    """Communities of this type may be started, and this is what the type says."""


class CommunityEvent(Event, topic="membership.communities", key="community_id"):
    community_id: str


class CommunityDescribed(CommunityEvent, abstract=True):
    """What a community is; each event tells all of it."""

    community_type: str
    name: str
    purpose: str
    places: Texts
    format: Format
    privacy: Privacy
    join_policy: JoinPolicy
    charter: str = ""


class CommunityStarted(CommunityDescribed):
    """A community of practice exists."""

    started_by: str


class CommunityRedefined(CommunityDescribed):
    """A community describes itself anew."""


class MemberJoined(CommunityEvent):
    """A person belongs to a community."""

    person_id: str
    role: Role = "member"


class MemberLeft(CommunityEvent):
    """A person belongs to a community no longer."""

    person_id: str


class RoleGiven(CommunityEvent):
    """A member has this role from now on."""

    person_id: str
    role: Role


class MembershipRequested(CommunityEvent):
    """A person asks to belong; the facilitators decide."""

    person_id: str


class MembershipDeclined(CommunityEvent):
    """The facilitators said no to a request."""

    person_id: str
    reason: str


class MemberInvited(CommunityEvent):
    """A person may join, whatever the join policy says."""

    person_id: str
    invited_by: str


class HandoverProposed(CommunityEvent):
    """A facilitator asks a member to take over."""

    from_person_id: str
    to_person_id: str


class HandoverAccepted(CommunityEvent):
    """The member took over: facilitator is now they."""

    from_person_id: str
    to_person_id: str


class HandoverDeclined(CommunityEvent):
    """The member did not take over: nothing changes."""

    from_person_id: str
    to_person_id: str


class PersonEvent(Event, topic="membership.people", key="person_id"):
    """The whole person: the only topic with personal data, and compacted."""

    person_id: str
    name: str
    email: str
    zone: str = "Europe/London"


class PersonRegistered(PersonEvent):
    """A person is known here, under this name and address."""

    registered_at: Moment


class PersonChanged(PersonEvent):
    """A person has this name and address from now on."""

    registered_at: Moment
