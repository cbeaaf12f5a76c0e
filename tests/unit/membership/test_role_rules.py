"""Who runs a community, and that somebody always does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.membership.model import Community, Standing
from services.membership.model.roles import (
    AlreadyFacilitator,
    FacilitatorsOnly,
    LastFacilitator,
    NoHandover,
    NotAMember,
    NotProposed,
)
from shared.contracts.membership import (
    HandoverAccepted,
    HandoverDeclined,
    HandoverProposed,
    MemberJoined,
    MemberLeft,
    RoleGiven,
)
from shared.errors import Problem
from tests.unit.membership.communities import ANN, NOON, a_community, somebody


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
    with pytest.raises(FacilitatorsOnly):
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
