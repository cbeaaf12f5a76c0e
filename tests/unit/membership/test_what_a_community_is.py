"""Types, descriptions and people: what is taken, what is refused, and what is told of it."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError

from services.membership.model import Changes, Community, CommunityType, Definition, Wishes
from services.membership.model.community_type import JOIN_POLICIES
from services.membership.model.description import PolicyAgainstPrivacy
from services.membership.model.roles import FacilitatorsOnly
from shared.contracts.membership import (
    CommunityRedefined,
    CommunityTypeDefined,
    RhythmProposal,
)

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
MONTHLY = {"frequency": "monthly", "weekday": "TU", "nth": 2, "local_time": "14:00"}
LEADS = {"name": "Leads", "purpose": "Learn", "charter": "Kind", "agreement": "Private"}
PRIVACIES = ("open", "restricted", "private", "confidential")


def a_definition(**fields: Any) -> Definition:
    return Definition.model_validate(LEADS | fields)


def where(error: ValidationError) -> list[str]:
    return [".".join(str(part) for part in one["loc"]) for one in error.errors()]


# Types


def test_a_type_tells_everything_it_says() -> None:
    kind, event = CommunityType.define("leads", a_definition(rhythm=MONTHLY))
    assert event == CommunityTypeDefined(
        type_id="leads",
        **LEADS,
        rhythm=event.rhythm,
    )
    assert event.rhythm is not None
    assert RhythmProposal.model_validate(
        event.rhythm.model_dump()
    ) == RhythmProposal.model_validate(MONTHLY)
    assert kind.redefine(a_definition(rhythm=MONTHLY)) is kind
    anew = kind.redefine(a_definition(purpose="Rest"))
    assert isinstance(anew, tuple)
    assert anew[1] == CommunityTypeDefined(type_id="leads", **LEADS | {"purpose": "Rest"})


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"zone": "Europe/Leeds"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"interval": 0}, "interval"),
        ({"interval": 53}, "interval"),
        ({"interval": "1"}, "interval"),
        ({"interval": True}, "interval"),
        ({"nth": 0}, "nth"),
        ({"nth": 6}, "nth"),
        ({"nth": -2}, "nth"),
        ({"nth": None}, "nth"),
        ({"frequency": "weekly"}, "nth"),
        ({"frequency": "hourly"}, "frequency"),
        ({"weekday": "Tuesday"}, "weekday"),
        ({"local_time": "14:00+01:00"}, "local_time"),
        ({"local_time": "14:00Z"}, "local_time"),
        ({"local_time": 50400}, "local_time"),
        ({"local_time": "25:00"}, "local_time"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 1441}, "minutes"),
        ({"format": "phone"}, "format"),
        ({"until": "2027-01-01"}, "until"),
    ],
)
def test_a_wrong_rhythm_is_refused_by_the_name_of_its_field(
    wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as error:
        a_definition(rhythm=MONTHLY | wrong)
    assert where(error.value) == [f"rhythm.{field}"]


@pytest.mark.parametrize("nth", [-1, 1, 2, 3, 4, 5])
def test_a_month_has_five_weeks_and_a_last_one(nth: int) -> None:
    rhythm = a_definition(rhythm=MONTHLY | {"nth": nth}).rhythm
    assert rhythm is not None
    assert rhythm.nth == nth


@pytest.mark.parametrize(
    ("privacy", "policy"), [*product(PRIVACIES, ("open", "request", "invite"))]
)
def test_privacy_bounds_the_join_policy_of_types_and_communities(privacy: Any, policy: Any) -> None:
    kind, _ = CommunityType.define("leads", a_definition())
    wishes = Wishes(name="Leeds", places=("Leeds",), privacy=privacy, join_policy=policy)
    if policy in JOIN_POLICIES[privacy]:
        assert a_definition(privacy=privacy, join_policy=policy).join_policy == policy
        started = Community.start("c1", kind, wishes, "fay", NOON)[0]
        assert (started.privacy, started.join_policy) == (privacy, policy)
        return
    with pytest.raises(ValidationError, match="choose") as error:
        a_definition(privacy=privacy, join_policy=policy)
    assert where(error.value) == ["join_policy"]
    with pytest.raises(PolicyAgainstPrivacy):
        Community.start("c1", kind, wishes, "fay", NOON)


# Communities


@pytest.mark.parametrize(
    ("privacy", "policy"),
    [
        ("open", "open"),
        ("restricted", "request"),
        ("private", "request"),
        ("confidential", "invite"),
    ],
)
def test_the_types_join_policy_gives_way_to_the_privacy_wished(privacy: Any, policy: str) -> None:
    kind, _ = CommunityType.define("leads", a_definition())
    wishes = Wishes(name="Leeds", places=("Leeds",), privacy=privacy)
    assert Community.start("c1", kind, wishes, "fay", NOON)[0].join_policy == policy


def test_a_community_begins_with_what_its_type_says() -> None:
    kind, _ = CommunityType.define(
        "leads",
        a_definition(
            privacy="restricted", join_policy="invite", rhythm=MONTHLY | {"format": "hybrid"}
        ),
    )
    wishes = Wishes(name="Leeds", places=("Leeds", "Bradford", "Leeds"), purpose="Ours")
    community = Community.start("c1", kind, wishes, "fay", NOON)[0]
    assert (community.purpose, community.charter, community.format) == ("Ours", "Kind", "hybrid")
    assert (community.privacy, community.join_policy) == ("restricted", "invite")
    assert community.places == ("Leeds", "Bradford")


def test_a_facilitator_describes_it_anew_and_every_event_tells_all() -> None:
    kind, _ = CommunityType.define("leads", a_definition())
    community = Community.start("c1", kind, Wishes(name="A", places=("Leeds",)), "fay", NOON)[0]
    decided = community.redefine(Changes(name="B", privacy="private", join_policy="invite"), "fay")
    assert isinstance(decided, tuple)
    assert decided[1] == CommunityRedefined(
        community_id="c1",
        community_type="leads",
        name="B",
        purpose="Learn",
        places=("Leeds",),
        format="online",
        privacy="private",
        join_policy="invite",
        charter="Kind",
    )
    assert community.redefine(Changes(name="A"), "fay") is community
    with pytest.raises(PolicyAgainstPrivacy, match="choose request or invite"):
        community.redefine(Changes(privacy="private"), "fay")
    with pytest.raises(FacilitatorsOnly):
        community.redefine(Changes(name="B"), "ann")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "Leeds\r\nBcc: all@example.org"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": 7}, "name"),
        ({"places": []}, "places"),
        ({"places": "Leeds"}, "places"),
        ({"places": ["Leeds", "Brad\nford"]}, "places.1"),
        ({"privacy": "secret"}, "privacy"),
        ({"join_policy": "apply"}, "join_policy"),
        ({"format": "phone"}, "format"),
        ({"purpose": "x" * 20_001}, "purpose"),
        ({"charter": "\x00"}, "charter"),
        ({"owner": "ann"}, "owner"),
    ],
)
def test_wrong_wishes_are_refused_by_the_name_of_the_field(
    wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as error:
        Wishes.model_validate({"name": "Leeds", "places": ["Leeds"]} | wrong)
    assert where(error.value) == [field]
