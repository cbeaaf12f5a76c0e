"""R1: versions, restoring, the recycle bin, and who may do what."""

from datetime import UTC, datetime, timedelta

import pytest

from services.resources.model import About, File, Resource, Standing, link, share
from services.resources.model import resource as rules
from services.resources.model.standing import FacilitatorsOnly, MembersOnly
from shared.contracts.resources import (
    ResourceBinned,
    ResourceRecovered,
    ResourceRestored,
    ResourceRevised,
    ResourceShared,
)
from shared.errors import NotFound

T0 = datetime(2027, 3, 1, 12, tzinfo=UTC)
ANN = Standing(person_id="ann", role="member", privacy="open")
BOB = Standing(person_id="bob", role="member", privacy="open")
FAY = Standing(person_id="fay", role="facilitator", privacy="open")
COE = Standing(person_id="coe", role="co-facilitator", privacy="open")
OLA = Standing(person_id="ola", privacy="open", is_operator=True)
EVE = Standing(person_id="eve", privacy="open")


def a_link(n: int = 1) -> Resource:
    shared, _ = share(
        ANN,
        link(f"https://example.org/{n}"),
        About(title="Guide"),
        resource_id="r1",
        community_id="c1",
        at=T0,
    )
    return shared


def a_file(n: int) -> File:
    digest = f"{n:064x}"
    return File(name="a.pdf", media_type="application/pdf", size=9, sha256=digest, blob_id=f"b{n}")


def test_sharing_tells_what_by_whom() -> None:
    shared, event = share(
        ANN, a_file(1), About(title="Guide"), resource_id="r1", community_id="c1", at=T0
    )
    assert shared.newest.number == 1
    assert event == ResourceShared(
        resource_id="r1", community_id="c1", kind="file", title="Guide", shared_by="ann", version=1
    )


@pytest.mark.parametrize("who", [EVE, OLA], ids=["stranger", "operator"])
def test_only_members_share(who: Standing) -> None:
    with pytest.raises(MembersOnly):
        share(who, a_file(1), About(title="x"), resource_id="r1", community_id="c1", at=T0)


def test_a_new_version_leaves_the_old_one_alone() -> None:
    first = a_link()
    second, event = first.revise(
        ANN, link("https://example.org/2"), "Guide 2", T0 + timedelta(hours=1)
    )
    assert second.versions[0] == first.newest
    assert second.newest.number == 2
    assert second.about.title == "Guide 2"
    assert event == ResourceRevised(
        resource_id="r1", community_id="c1", title="Guide 2", version=2, revised_by="ann"
    )


def test_a_version_without_a_title_keeps_the_one_there_is() -> None:
    assert a_link().revise(ANN, link("https://example.org/2"), None, T0)[0].about.title == "Guide"


def test_restoring_the_first_of_two_makes_a_third_with_the_hash_of_the_first() -> None:
    first = a_link()
    second, _ = first.revise(ANN, link("https://example.org/2"), None, T0)
    third, event = second.restore(FAY, 1, T0 + timedelta(days=1))
    assert third.newest.number == 3
    assert third.newest.content == first.newest.content
    assert third.newest.restored_from == 1
    assert third.versions[:2] == second.versions
    assert event == ResourceRestored(
        resource_id="r1", community_id="c1", version=3, restored_version=1, restored_by="fay"
    )


@pytest.mark.parametrize("number", [0, -1, 3, 10**9])
def test_a_version_that_never_was_cannot_be_restored(number: int) -> None:
    second, _ = a_link().revise(ANN, link("https://example.org/2"), None, T0)
    with pytest.raises(rules.NoSuchVersion, match="1 to 2"):
        second.restore(ANN, number, T0)
    with pytest.raises(NotFound):
        second.version(number)


def test_the_newest_version_needs_no_restoring() -> None:
    with pytest.raises(rules.AlreadyNewest):
        a_link().restore(ANN, 1, T0)


def test_a_link_does_not_become_a_file() -> None:
    with pytest.raises(rules.OtherKind):
        a_link().revise(ANN, a_file(2), None, T0)


def test_versions_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "VERSIONS", 2)
    second, _ = a_link().revise(ANN, link("https://example.org/2"), None, T0)
    with pytest.raises(rules.TooManyVersions):
        second.revise(ANN, link("https://example.org/3"), None, T0)
    with pytest.raises(rules.TooManyVersions):
        second.restore(ANN, 1, T0)


@pytest.mark.parametrize("who", [ANN, FAY, COE], ids=lambda who: who.person_id)
def test_who_shared_it_and_facilitators_tend_it(who: Standing) -> None:
    revised, _ = a_link().revise(who, link("https://example.org/2"), None, T0)
    restored, _ = revised.restore(who, 1, T0)
    binned, event = restored.bin(who, T0)
    assert event == ResourceBinned(resource_id="r1", community_id="c1", binned_by=who.person_id)
    recovered, back = binned.recover(who)
    assert back == ResourceRecovered(
        resource_id="r1", community_id="c1", recovered_by=who.person_id
    )
    assert recovered == restored


@pytest.mark.parametrize(
    ("who", "refusal"), [(BOB, rules.NotYours), (EVE, MembersOnly), (OLA, MembersOnly)]
)
def test_others_do_not(who: Standing, refusal: type[Exception]) -> None:
    for attempt in (
        lambda: a_link().revise(who, link("https://example.org/2"), None, T0),
        lambda: a_link().restore(who, 1, T0),
        lambda: a_link().bin(who, T0),
    ):
        with pytest.raises(refusal):
            attempt()


def test_who_has_left_tends_nothing_any_longer() -> None:
    with pytest.raises(MembersOnly):
        a_link().bin(ANN.model_copy(update={"role": None}), T0)


def test_what_a_facilitator_binned_its_sharer_does_not_bring_back() -> None:
    binned, _ = a_link().bin(FAY, T0)
    with pytest.raises(rules.NotYours):
        binned.recover(ANN)
    assert binned.recover(COE)


def test_what_is_shared_is_not_in_the_bin() -> None:
    with pytest.raises(rules.NotInBin):
        a_link().recover(FAY)


@pytest.mark.parametrize("who", [ANN, EVE])
def test_the_bin_is_the_facilitators(who: Standing) -> None:
    with pytest.raises(FacilitatorsOnly):
        who.require_facilitator()
    FAY.require_facilitator()
    OLA.require_facilitator()


@pytest.mark.parametrize("privacy", ["open", "restricted", "private", "confidential"])
def test_who_may_read(privacy: str) -> None:
    def reads(**fields: object) -> bool:
        return Standing.model_validate({"person_id": "p", "privacy": privacy, **fields}).may_read

    assert reads(role="member")
    assert reads(is_operator=True)
    assert reads() == (privacy == "open")


def test_a_community_nobody_heard_of_has_no_readers() -> None:
    for who in (Standing(person_id="ann"), Standing(person_id="ola", is_operator=True)):
        assert not who.may_read
