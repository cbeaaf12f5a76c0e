"""What kinds of communities there are: data, defined and redefined while everything runs."""

import re
from datetime import time
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from shared.contracts.membership import (
    CommunityTypeDefined,
    JoinPolicy,
    Privacy,
    RhythmProposal,
)
from shared.types.fields import Line, Text, Zone

JOIN_POLICIES: dict[Privacy, tuple[JoinPolicy, ...]] = {
    "open": ("open", "request", "invite"),
    "restricted": ("request", "invite"),
    "private": ("request", "invite"),
    "confidential": ("invite",),
}
"""How a community may let people in, the most open way first. Where a stranger may not read, no
stranger walks in; and one cannot ask to join what one may not know of."""


def mismatch(privacy: Privacy, join_policy: JoinPolicy) -> str | None:
    """Why a join policy does not go with a privacy level, if so."""
    if join_policy in JOIN_POLICIES[privacy]:
        return None
    ways = " or ".join(JOIN_POLICIES[privacy])
    return f"a {privacy} community cannot have the join policy {join_policy}; choose {ways}"


def _time_of_day(value: object) -> object:
    if isinstance(value, time) or re.fullmatch(r"\d\d:\d\d(:\d\d)?", str(value)):
        return value
    raise ValueError("must be a local time of day such as 14:00, without an offset")


class Rhythm(RhythmProposal):
    """How communities of a type usually meet: `nth` counts the weekday in the month, -1 is the last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    interval: Annotated[int, Field(strict=True, ge=1, le=52)] = 1
    nth: Annotated[int, Field(strict=True, ge=-1, le=5)] | None = Field(
        default=None, validate_default=True
    )
    local_time: Annotated[time, BeforeValidator(_time_of_day)]
    zone: Zone = "Europe/London"
    minutes: Annotated[int, Field(strict=True, ge=5, le=1440)] = 60

    @field_validator("nth")
    @classmethod
    def _as_the_frequency_asks(cls, nth: int | None, info: ValidationInfo) -> int | None:
        monthly = info.data.get("frequency") == "monthly"
        if nth == 0:
            raise ValueError("must be 1 to 5, or -1 for the last one of the month")
        if monthly and nth is None:
            raise ValueError("a monthly rhythm says which weekday of the month: 1 to 5, or -1")
        if info.data.get("frequency") == "weekly" and nth is not None:
            raise ValueError("only a monthly rhythm has it; leave it out")
        return nth


class Definition(BaseModel):
    """What a community type says; its communities begin with it."""

    model_config = ConfigDict(frozen=True)

    name: Line
    purpose: Text
    charter: Text
    agreement: Text
    join_questions: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    privacy: Privacy = "open"
    join_policy: JoinPolicy = Field(default="open", validate_default=True)
    rhythm: Rhythm | None = None

    @field_validator("join_policy")
    @classmethod
    def _as_privacy_allows(cls, join_policy: JoinPolicy, info: ValidationInfo) -> JoinPolicy:
        if "privacy" in info.data and (reason := mismatch(info.data["privacy"], join_policy)):
            raise ValueError(reason)
        return join_policy


class CommunityType(Definition):
    """A community type under its id."""

    type_id: str

    @classmethod
    def define(cls, type_id: str, definition: Definition) -> tuple[Self, CommunityTypeDefined]:
        """A type nobody had defined before."""
        community_type = cls(type_id=type_id, **dict(definition))
        return community_type, CommunityTypeDefined(**dict(community_type))

    def redefine(self, definition: Definition) -> Self | tuple[Self, CommunityTypeDefined]:
        """From now on the type says this. Communities that were started keep what they have."""
        community_type, defined = self.define(self.type_id, definition)
        return self if community_type == self else (community_type, defined)
