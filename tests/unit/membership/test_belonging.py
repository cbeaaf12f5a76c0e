"""Who may belong to a community, and what strangers see of it."""

from itertools import product

import pytest

from services.membership.model import Community, Wishes
from services.membership.model.community import (
    AlreadyInvited,
    AlreadyMember,
    AlreadyRequested,
    InvitationRequired,
    NoRequest,
    ReasonMissing,
)
from services.membership.model.roles import (
    FacilitatorsOnly,
    MembersOnly,
    NotAMember,
)
from shared.contracts.membership import (
    CommunityStarted,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MembershipDeclined,
    MembershipRequested,
)
from shared.errors import NotFound, Problem
from shared.events.event import Event
from tests.unit.membership.communities import ANN, NOON, a_community, a_type, somebody


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
    with pytest.raises(FacilitatorsOnly):
        community.leave(somebody("active", "fay"), "ann", NOON)
    with pytest.raises(NotAMember):
        community.leave(somebody("left"), "ann", NOON)


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
    a_community().require_members_visible_to(somebody("active"))
    with pytest.raises(MembersOnly):
        a_community().require_members_visible_to(somebody("invited"))
