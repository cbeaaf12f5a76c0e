"""What a community is, and who may read how much of it."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.membership.model.community_type import JOIN_POLICIES, CommunityType, mismatch
from services.membership.model.standing import Standing
from shared.contracts.membership import Format, JoinPolicy, Privacy
from shared.errors import Invalid, NotFound
from shared.types.fields import Line, Text

View = Literal["full", "summary", "name"]


def _each_once(places: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(places))


Places = Annotated[tuple[Line, ...], Field(min_length=1, max_length=50), AfterValidator(_each_once)]


class Choices(BaseModel):
    """What a community may say of itself, or leave to what there is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Text | None = None
    format: Format | None = None
    privacy: Privacy | None = None
    join_policy: JoinPolicy | None = None
    charter: Text | None = None


class Wishes(Choices):
    """What a new community is to be; what is left out comes from its type."""

    name: Line
    places: Places


class Changes(Choices):
    """What a community says of itself from now on; what is left out, or null, stays."""

    name: Line | None = None
    places: Places | None = None


class PolicyAgainstPrivacy(Invalid):
    """This join policy does not go with this privacy level."""


class Description(BaseModel):
    """A community = type + places + purpose + format + privacy + join policy + charter.

    Privacy says what a stranger reads, and bounds how people may join:

    | privacy      | a stranger reads | join policy           |
    |--------------|------------------|-----------------------|
    | open         | everything       | open, request, invite |
    | restricted   | a summary        | request, invite       |
    | private      | the name         | request, invite       |
    | confidential | nothing: 404     | invite                |

    Members and operators read everything; who is invited reads the summary at least.
    """

    model_config = ConfigDict(frozen=True)

    community_id: str
    community_type: str
    name: str
    purpose: str
    places: tuple[str, ...]
    format: Format
    privacy: Privacy
    join_policy: JoinPolicy
    charter: str

    def view_for(self, reader: Standing, *, operator: bool) -> View:
        """How much somebody may read. NotFound where they may not know that there is anything."""
        if operator or reader.belongs or self.privacy == "open":
            return "full"
        if reader.status == "invited" or self.privacy == "restricted":
            return "summary"
        if self.privacy == "private":
            return "name"
        # In the words of a community that does not exist, so that nothing tells the two apart.
        raise NotFound(
            f"Nothing in communities is {self.community_id} that you may see. If it was made a moment ago, try again."
        )


def described(community_type: CommunityType, wishes: Wishes) -> dict[str, Any]:
    """The fields of a new community. Its type's join policy gives way to the privacy it wishes."""
    privacy = wishes.privacy or community_type.privacy
    ways = JOIN_POLICIES[privacy]
    return {
        "purpose": community_type.purpose,
        "format": community_type.rhythm.format if community_type.rhythm else "online",
        "privacy": privacy,
        "join_policy": community_type.join_policy
        if community_type.join_policy in ways
        else ways[0],
        "charter": community_type.charter,
    } | redescribed(wishes, privacy=privacy, join_policy=ways[0])


def redescribed(changes: Choices, *, privacy: Privacy, join_policy: JoinPolicy) -> dict[str, Any]:
    """The fields that change, given what stands now. PolicyAgainstPrivacy if they do not fit."""
    reason = mismatch(changes.privacy or privacy, changes.join_policy or join_policy)
    if reason:
        raise PolicyAgainstPrivacy(f"{reason[0].upper()}{reason[1:]}.", field="join_policy")
    return changes.model_dump(include=set(Changes.model_fields), exclude_none=True)
