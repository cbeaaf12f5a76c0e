"""Types, descriptions and people: what is taken, what is refused, and what is told of it."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.membership.model import Changes, Community, CommunityType, Definition, Person, Wishes
from services.membership.model.community_type import JOIN_POLICIES
from services.membership.model.description import PolicyAgainstPrivacy
from services.membership.model.person import (
    IncompleteToken,
    UnusableAddress,
    UnusableId,
    UnusableName,
)
from services.membership.model.roles import FacilitatorsOnly
from shared.contracts.membership import (
    CommunityRedefined,
    CommunityTypeDefined,
    PersonChanged,
    PersonRegistered,
    RhythmProposal,
)
from shared.errors import Problem
from shared.types.fields import Line, Text

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


# Words


@given(st.text())
def test_a_line_that_is_taken_cannot_begin_a_second_header(text: str) -> None:
    try:
        line = TypeAdapter[str](Line).validate_python(text)
    except ValidationError:
        return
    assert len(line.splitlines()) == 1
    assert "\x00" not in line
    line.encode()


def test_text_keeps_its_lines_and_nothing_unseen() -> None:
    text = TypeAdapter[str](Text)
    assert text.validate_python("One.\r\n\r\n\tTwo.") == "One.\n\n\tTwo."
    for unseen in ("\x00", "\x1b[2J", "\r", "\u202e", "\ud800", "\x85"):
        with pytest.raises(ValidationError, match="control character"):
            text.validate_python(f"One{unseen}Two")


# People


def test_a_person_registers_and_changes() -> None:
    ann, registered = Person.register("ann", " Ann ", "Ann@EXAMPLE.org", None, NOON)
    assert registered == PersonRegistered(
        person_id="ann",
        name="Ann",
        email="Ann@example.org",
        zone="Europe/London",
        registered_at=NOON,
    )
    assert ann.change("Ann", "Ann@example.org", None) is ann
    decided = ann.change("Ann B", "ann@example.org", "Europe/Paris")
    assert isinstance(decided, tuple)
    assert decided[1] == PersonChanged(
        person_id="ann",
        name="Ann B",
        email="ann@example.org",
        zone="Europe/Paris",
        registered_at=NOON,
    )
    assert decided[0].change("Ann B", "ann@example.org", None) is decided[0]


@pytest.mark.parametrize(
    ("person_id", "name", "email", "refusal", "fields"),
    [
        ("ann", "", "ann@example.org", IncompleteToken, ["name"]),
        ("ann", "Ann", " ", IncompleteToken, ["email"]),
        ("ann", "", "", IncompleteToken, ["name", "email"]),
        ("me", "Ann", "ann@example.org", UnusableId, ["sub"]),
        ("a\nb", "Ann", "ann@example.org", UnusableId, ["sub"]),
        ("a" * 201, "Ann", "ann@example.org", UnusableId, ["sub"]),
        ("ann", "Ann\nBcc: x@example.org", "ann@example.org", UnusableName, ["name"]),
        ("ann", "x" * 201, "ann@example.org", UnusableName, ["name"]),
        ("ann", "Ann", "ann", UnusableAddress, ["email"]),
        ("ann", "Ann", "ann@example.org\nBcc: x@example.org", UnusableAddress, ["email"]),
        ("ann", "Ann", "Ann <ann@example.org>", UnusableAddress, ["email"]),
        ("ann", "Ann", "a@example.org,b@example.org", UnusableAddress, ["email"]),
        ("ann", "Ann", "jörg@example.org", UnusableAddress, ["email"]),
    ],
)
def test_a_person_who_cannot_be_written_to_is_refused_without_repeating_what_is_personal(
    person_id: str, name: str, email: str, refusal: type[Problem], fields: list[str]
) -> None:
    with pytest.raises(refusal) as error:
        Person.register(person_id, name, email, None, NOON)
    body: dict[str, Any] = error.value.body()
    assert [one["field"] for one in body["errors"]] == fields
    assert "Bcc" not in str(body)
    assert "jörg" not in str(body)
