"""Who may belong, who runs it, and that somebody always does."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.membership.model import Community, CommunityType, Definition, Standing, Wishes
from services.membership.model.community import (
    AlreadyInvited,
    AlreadyMember,
    AlreadyRequested,
    InvitationRequired,
    NoRequest,
    ReasonMissing,
)
from services.membership.model.roles import (
    AlreadyFacilitator,
    LastFacilitator,
    MembersOnly,
    NoHandover,
    NotAFacilitator,
    NotAMember,
    NotProposed,
)
from shared.contracts.membership import (
    CommunityStarted,
    HandoverAccepted,
    HandoverDeclined,
    HandoverProposed,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MembershipDeclined,
    MembershipRequested,
    RoleGiven,
)
from shared.errors import NotFound, Problem
from shared.events import Event

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def a_type(**fields: Any) -> CommunityType:
    usual = {"name": "Leads", "purpose": "Learn", "charter": "Kind", "agreement": "Private"}
    kind, _ = CommunityType.define("leads", Definition.model_validate(usual | fields))
    return kind


def a_community(**wishes: Any) -> Community:
    usual = {"name": "Leads in Leeds", "places": ["Leeds"]}
    asked = Wishes.model_validate(usual | wishes)
    return Community.start("c1", a_type(), asked, "fay", NOON)[0]


def somebody(status: Any = "stranger", person_id: str = "ann") -> Standing:
    return Standing(community_id="c1", person_id=person_id, status=status)


ANN = {"community_id": "c1", "person_id": "ann"}


def test_whoever_starts_a_community_facilitates_it() -> None:
    wishes = Wishes(name="Leads in Leeds", places=("Leeds",))
    community, standing, started, joined = Community.start("c1", a_type(), wishes, "fay", NOON)
    assert community.role_of("fay") == "facilitator"
    assert community.members == 1
    assert standing.belongs
    assert started == CommunityStarted(
        community_id="c1",
        community_type="leads",
        name="Leads in Leeds",
        purpose="Learn",
        places=("Leeds",),
        format="online",
        privacy="open",
        join_policy="open",
        charter="Kind",
        started_by="fay",
    )
    assert joined == MemberJoined(community_id="c1", person_id="fay", role="facilitator")


@pytest.mark.parametrize(
    ("policy", "before", "after", "event"),
    [
        ("open", "stranger", "active", MemberJoined(**ANN)),
        ("open", "left", "active", MemberJoined(**ANN)),
        ("open", "requested", "active", MemberJoined(**ANN)),
        ("open", "invited", "active", MemberJoined(**ANN)),
        ("request", "stranger", "requested", MembershipRequested(**ANN)),
        ("request", "declined", "requested", MembershipRequested(**ANN)),
        ("request", "invited", "active", MemberJoined(**ANN)),
        ("invite", "invited", "active", MemberJoined(**ANN)),
    ],
)
def test_joining_follows_the_policy(policy: str, before: str, after: str, event: Event) -> None:
    community, them, happened = a_community(join_policy=policy).join(somebody(before), NOON)
    assert (them.status, them.since, happened) == (after, NOON, event)
    assert community.members == (2 if after == "active" else 1)


@pytest.mark.parametrize(
    ("policy", "before", "refusal"),
    [
        *product(("open", "request", "invite"), ("active",), (AlreadyMember,)),
        *product(("invite",), ("stranger", "left", "declined", "requested"), (InvitationRequired,)),
        ("request", "requested", AlreadyRequested),
    ],
)
def test_joining_is_refused_with_its_reason(
    policy: str, before: str, refusal: type[Problem]
) -> None:
    with pytest.raises(refusal):
        a_community(join_policy=policy).join(somebody(before), NOON)


def test_a_facilitator_invites_and_so_does_a_co_facilitator() -> None:
    community = a_community(join_policy="invite").with_role("cora", "co-facilitator")
    for by in ("fay", "cora"):
        _, them, event = community.invite(somebody(), by, NOON)
        assert (them.status, them.invited_by) == ("invited", by)
        assert event == MemberInvited(**ANN, invited_by=by)


@pytest.mark.parametrize(
    ("before", "refusal"),
    [("active", AlreadyMember), ("invited", AlreadyInvited), ("requested", AlreadyRequested)],
)
def test_nobody_is_invited_needlessly(before: str, refusal: type[Problem]) -> None:
    with pytest.raises(refusal):
        a_community().invite(somebody(before), "fay", NOON)


def test_a_request_is_accepted_or_declined_with_a_reason() -> None:
    community = a_community(join_policy="request")
    after, them, event = community.decide(somebody("requested"), "accept", None, "fay", NOON)
    assert (after.members, them.status, event) == (2, "active", MemberJoined(**ANN))
    after, them, event = community.decide(somebody("requested"), "decline", "Full.", "fay", NOON)
    assert (after.members, them.status, them.reason) == (1, "declined", "Full.")
    assert event == MembershipDeclined(**ANN, reason="Full.")
    with pytest.raises(ReasonMissing):
        community.decide(somebody("requested"), "decline", None, "fay", NOON)
    with pytest.raises(NoRequest):
        community.decide(somebody("active"), "accept", None, "fay", NOON)


def test_a_member_leaves_and_a_facilitator_lets_others_go() -> None:
    community, ann, _ = a_community().join(somebody(), NOON)
    for by in ("ann", "fay"):
        after, them, event = community.leave(ann, by, NOON)
        assert (after.members, them.status, event) == (1, "left", MemberLeft(**ANN))
    with pytest.raises(NotAFacilitator):
        community.leave(somebody("active", "fay"), "ann", NOON)
    with pytest.raises(NotAMember):
        community.leave(somebody("left"), "ann", NOON)


def test_the_last_facilitator_neither_leaves_nor_steps_down() -> None:
    fay = somebody("active", "fay")
    community = a_community().with_role("cora", "co-facilitator")
    with pytest.raises(LastFacilitator):
        community.leave(fay, "fay", NOON)
    with pytest.raises(LastFacilitator):
        community.give_role(fay, "member", "fay")
    two = community.with_role("ann", "facilitator")
    assert two.leave(fay, "fay", NOON)[0].facilitators == ("ann",)


def test_a_role_is_given_once_and_only_to_members() -> None:
    decided = a_community().give_role(somebody("active"), "co-facilitator", "fay")
    assert isinstance(decided, tuple)
    community, event = decided
    assert event == RoleGiven(**ANN, role="co-facilitator")
    assert community.role_of("ann") == "co-facilitator"
    assert community.give_role(somebody("active"), "co-facilitator", "fay") is community
    with pytest.raises(NotAMember):
        community.give_role(somebody("requested", "bob"), "member", "fay")
    with pytest.raises(NotAFacilitator):
        community.give_role(somebody("active", "bob"), "member", "ann")


def test_a_handover_takes_two_steps_and_leaves_a_co_facilitator() -> None:
    community, proposed = a_community().propose_handover(somebody("active"), "fay")
    both = {"community_id": "c1", "from_person_id": "fay", "to_person_id": "ann"}
    assert proposed == HandoverProposed(**both)
    assert community.facilitators == ("fay",)
    with pytest.raises(NotProposed):
        community.answer_handover("fay", accept=True)
    after, *events = community.answer_handover("ann", accept=True)
    assert (after.facilitators, after.co_facilitators, after.handover) == (("ann",), ("fay",), None)
    assert events == [
        HandoverAccepted(**both),
        RoleGiven(**ANN, role="facilitator"),
        RoleGiven(community_id="c1", person_id="fay", role="co-facilitator"),
    ]
    after, *events = community.answer_handover("ann", accept=False)
    assert (after, events) == (a_community(), [HandoverDeclined(**both)])


def test_a_handover_is_proposed_to_members_who_do_not_facilitate() -> None:
    with pytest.raises(NotAMember):
        a_community().propose_handover(somebody("invited"), "fay")
    with pytest.raises(AlreadyFacilitator):
        a_community().propose_handover(somebody("active", "fay"), "fay")
    with pytest.raises(NoHandover):
        a_community().answer_handover("ann", accept=True)


def test_a_handover_is_void_when_one_of_the_two_is_gone() -> None:
    two = a_community().with_role("bob", "facilitator")
    waiting, _ = two.propose_handover(somebody("active"), "fay")
    gone = [
        waiting.leave(somebody("active"), "ann", NOON)[0],
        waiting.leave(somebody("active", "fay"), "fay", NOON)[0],
        waiting.with_role("fay", "member"),
        waiting.with_role("ann", "facilitator"),
    ]
    assert [one.handover for one in gone] == [None] * 4
    assert waiting.with_role("ann", "co-facilitator").handover == waiting.handover


@pytest.mark.parametrize(
    ("privacy", "stranger", "invited"),
    [
        ("open", "full", "full"),
        ("restricted", "summary", "summary"),
        ("private", "name", "summary"),
        ("confidential", None, "summary"),
    ],
)
def test_privacy_says_what_a_stranger_reads(
    privacy: str, stranger: str | None, invited: str
) -> None:
    community = a_community(privacy=privacy)
    for status in ("stranger", "requested", "declined", "left"):
        if stranger:
            assert community.view_for(somebody(status), operator=False) == stranger
        else:
            with pytest.raises(NotFound):
                community.view_for(somebody(status), operator=False)
    assert community.view_for(somebody("invited"), operator=False) == invited
    assert community.view_for(somebody("active"), operator=False) == "full"
    assert community.view_for(somebody(), operator=True) == "full"


def test_members_are_shown_to_members() -> None:
    a_community().show_members_to(somebody("active"))
    with pytest.raises(MembersOnly):
        a_community().show_members_to(somebody("invited"))


PEOPLE = ("fay", "ann", "bob", "cora")
person = st.sampled_from(PEOPLE)
command = st.one_of(
    st.tuples(st.just("join"), person),
    st.tuples(st.just("leave"), person, person),
    st.tuples(st.just("invite"), person, person),
    st.tuples(st.just("decide"), person, st.sampled_from(("accept", "decline")), person),
    st.tuples(
        st.just("give_role"),
        person,
        st.sampled_from(("member", "co-facilitator", "facilitator")),
        person,
    ),
    st.tuples(st.just("propose_handover"), person, person),
    st.tuples(st.just("answer_handover"), person, st.booleans()),
)


def _do(
    community: Community, standings: dict[str, Standing], done: tuple[Any, ...]
) -> tuple[Any, ...]:
    name, who, *more = done
    them = standings.get(who) or somebody(person_id=who)
    decided: Any
    match name:
        case "join":
            decided = community.join(them, NOON)
        case "decide":
            decided = community.decide(them, more[0], "Because.", more[1], NOON)
        case "give_role" | "propose_handover":
            decided = getattr(community, name)(them, *more)
        case "answer_handover":
            decided = community.answer_handover(who, accept=more[0])
        case _:
            decided = getattr(community, name)(them, *more, NOON)
    return decided if isinstance(decided, tuple) else (decided,)


@given(st.sampled_from(("open", "request", "invite")), st.lists(command, max_size=40))
def test_whatever_people_do_somebody_facilitates_and_the_events_tell_it_all(
    policy: str, commands: list[tuple[Any, ...]]
) -> None:
    community = a_community(join_policy=policy)
    standings = {"fay": somebody("active", "fay")}
    heard = {"fay": "facilitator"}  # what another service knows, from events alone
    for done in commands:
        try:
            community, *rest = _do(community, standings, done)
        except Problem:
            continue
        for one in rest:
            match one:
                case Standing():
                    standings[one.person_id] = one
                case MemberJoined() | RoleGiven():
                    heard[one.person_id] = one.role
                case MemberLeft():
                    del heard[one.person_id]
                case _:
                    pass
        members = {one.person_id for one in standings.values() if one.belongs}
        assert community.facilitators
        assert {*community.facilitators, *community.co_facilitators} <= members
        assert community.members == len(members)
        assert heard == {who: community.role_of(who) for who in members}
        waits = community.handover
        assert waits is None or {waits.from_person_id, waits.to_person_id} <= members
