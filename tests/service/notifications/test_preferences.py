"""What people choose to get by mail; the inbox holds everything."""

import pytest

from tests.service.notifications.region import Region, announced


async def test_preferences_round_trip_over_every_category(region: Region) -> None:
    before = (await region.ann.get("/preferences")).json()
    assert before["mute"] is False
    assert set(before["mail"].values()) == {True}
    assert {"meetings", "membership", "announcement"} <= set(before["mail"])
    wished = {"mute": False, "mute_communities": ["leads"], "mail": {"meetings": False}}
    reply = await region.ann.put("/preferences", json=wished)
    assert reply.json()["mail"]["meetings"] is False
    assert (await region.ann.get("/preferences")).json() == reply.json()
    assert reply.json()["mute_communities"] == ["leads"]


async def test_an_unknown_category_is_refused_and_the_known_are_named(region: Region) -> None:
    reply = await region.ann.put("/preferences", json={"mail": {"gossip": False}})
    assert reply.status_code == 422
    assert "meetings" in reply.json()["detail"]
    assert reply.json()["errors"][0]["field"] == "mail.gossip"
    assert reply.json()["type"] == "urn:copse:problem:unknown-category"


@pytest.mark.parametrize(
    "body",
    [{"mute": "perhaps"}, {"mail": ["meetings"]}, {"mute_communities": [""]}, {"muet": True}],
)
async def test_preferences_of_the_wrong_form_are_refused(region: Region, body: object) -> None:
    assert (await region.ann.put("/preferences", json=body)).status_code == 422


@pytest.mark.parametrize(
    "chosen", [{"mute": True}, {"mute_communities": ["leads"]}, {"mail": {"meetings": False}}]
)
async def test_what_i_switched_off_is_not_mailed_and_still_in_my_inbox(
    region: Region, chosen: dict[str, object]
) -> None:
    await region.community_of("ann", "bob")
    await region.ann.put("/preferences", json=chosen)
    await region.happens(announced())
    assert {mail.to for mail in region.post.mails} == {"bob@example.org", "fay@example.org"}
    [item, _] = (await region.ann.get("/inbox")).json()["items"]
    assert item["subject"].startswith("Invitation")
    reply = await region.operator.get("/deliveries?state=suppressed")
    assert [one["person_id"] for one in reply.json()["items"]] == ["ann"]


async def test_what_is_switched_off_while_a_mail_waits_still_counts(region: Region) -> None:
    await region.community_of("ann")
    await region.service.happens(announced())
    await region.service.does("tell")
    await region.ann.put("/preferences", json={"mute": True})
    await region.told()
    assert region.post.to("ann") == []
