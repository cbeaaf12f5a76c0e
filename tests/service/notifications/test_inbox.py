"""My inbox, what I choose to get by mail, and the links in mails."""

from typing import Any

import pytest

from shared.http.paging import cursor
from tests.service.notifications.region import Region, announced, joined, registered, rhythm, wish


async def test_everything_i_was_told_stands_in_my_inbox(region: Region) -> None:
    await region.community_of("ann")
    await region.happens(rhythm(), announced())
    page = (await region.ann.get("/inbox")).json()
    subjects = [item["subject"].split()[0] for item in page["items"]]
    assert subjects == ["Invitation:", "Leads", "Welcome"]
    assert page["next"] is None
    first = page["items"][0]
    assert (first["category"], first["read"], first["meeting_id"]) == ("meetings", False, "m1")
    assert "When: Tuesday 9 April 2030" in first["text"]
    assert first["action"]["label"] == "Add it to your calendar"
    reply = await region.ann.get(first["action"]["url"].removeprefix("https://copse.example"))
    assert reply.headers["content-type"].startswith("text/calendar")


async def test_an_inbox_is_read_page_by_page(region: Region) -> None:
    await region.service.happens(registered("ann"))
    for n in range(5):
        await region.happens(wish(f"r{n}", subject=f"News {n}"))
    seen: list[str] = []
    path = "/inbox?limit=2"
    for _ in range(3):
        page = (await region.ann.get(path)).json()
        seen += [item["subject"] for item in page["items"]]
        path = f"/inbox?limit=2&cursor={page['next']}"
    assert seen == [f"News {n}" for n in (4, 3, 2, 1, 0)]
    assert page["next"] is None


async def test_nothing_is_skipped_or_shown_twice_where_much_was_told_at_one_moment(
    region: Region,
) -> None:
    await region.service.happens(registered("ann"))
    await region.happens(*(wish(f"r{n}", subject=f"News {n}") for n in range(6)))
    notifications = region.service.database["notifications"]
    [*_, last] = await notifications.find({}).sort("at", 1).to_list(None)
    await notifications.update_many({}, {"$set": {"at": last["at"]}})
    seen: list[str] = []
    path = "/inbox?limit=2"
    while path:
        page = (await region.ann.get(path)).json()
        seen += [item["subject"] for item in page["items"]]
        path = page["next"] and f"/inbox?limit=2&cursor={page['next']}"
    assert sorted(seen) == [f"News {n}" for n in range(6)]


async def test_what_i_have_read_is_no_longer_unread(region: Region) -> None:
    await region.service.happens(registered("ann"))
    await region.happens(wish("r1"), wish("r2"))
    [item, _] = (await region.ann.get("/inbox")).json()["items"]
    assert (await region.ann.get("/inbox/unread-count")).json() == {"unread": 2}
    for _ in range(2):
        reply = await region.ann.put(f"/inbox/{item['id']}/read")
        assert (reply.status_code, reply.json()["read"]) == (200, True)
    assert (await region.ann.get("/inbox/unread-count")).json() == {"unread": 1}


async def test_nobody_reads_anothers_inbox(region: Region) -> None:
    await region.service.happens(registered("ann"))
    await region.happens(wish())
    [item] = (await region.ann.get("/inbox")).json()["items"]
    assert (await region.eve.get("/inbox")).json()["items"] == []
    for reply in (
        await region.eve.get(f"/inbox/{item['id']}"),
        await region.eve.put(f"/inbox/{item['id']}/read"),
        await region.eve.get(f"/inbox/{item['id']}/invite.ics"),
    ):
        assert reply.status_code == 404
    assert (await region.service.client().get("/inbox")).status_code == 401


async def test_a_bad_cursor_is_refused(region: Region) -> None:
    reply = await region.ann.get("/inbox?cursor=nonsense")
    assert reply.status_code == 400
    assert reply.json()["type"] == "urn:copse:problem:malformed"


NOW = "2027-02-01T14:00:00+00:00"


@pytest.mark.parametrize(
    "position",
    [
        [],
        [NOW],
        [NOW, "abc"],
        [NOW, "1"],
        [NOW, -1],
        [NOW, True],
        [NOW, 2**40],
        [1, 1],
        ["2027-02-01", 1],
        ["x", 1],
        ["0001-01-01T00:00:00+14:00", 1],
    ],
)
async def test_a_forged_cursor_is_refused(region: Region, position: list[Any]) -> None:
    reply = await region.ann.get("/inbox", params={"cursor": cursor("/inbox", *position)})
    assert reply.status_code == 400


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ("/rules", [1]),
        ("/rules", []),
        ("/templates", [{}]),
        ("/deliveries", [NOW]),
        ("/deliveries", [NOW, 1]),
        ("/deliveries", [1, "x"]),
    ],
)
async def test_a_forged_cursor_of_an_operators_list_is_refused(
    region: Region, path: str, position: list[Any]
) -> None:
    made = cursor(path, *position)
    assert (await region.operator.get(path, params={"cursor": made})).status_code == 400


@pytest.mark.parametrize("version", ["99999999999999999999", "-1", "x"])
async def test_an_impossible_version_of_a_template_is_refused(region: Region, version: str) -> None:
    reply = await region.operator.get("/templates/welcome", params={"version": version})
    assert reply.status_code == 422


# Preferences


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


# Links in mails


async def the_link(region: Region) -> str:
    await region.community_of("ann")
    await region.happens(rhythm())
    header = region.post.to("ann")[0]["List-Unsubscribe"]
    return header.strip("<>").removeprefix("https://copse.example")


async def test_one_click_unsubscribes_without_signing_in(region: Region) -> None:
    link = await the_link(region)
    anyone = region.service.client()
    for _ in range(2):
        reply = await anyone.post(link, data={"List-Unsubscribe": "One-Click"})
        assert reply.status_code == 200
    region.post.mails.clear()
    await region.happens(announced())
    assert {mail.to for mail in region.post.mails} == {"fay@example.org"}
    assert (await region.ann.get("/preferences")).json()["mail"]["meetings"] is False


async def test_opening_the_link_changes_nothing(region: Region) -> None:
    link = await the_link(region)
    before = (await region.ann.get("/preferences")).json()
    page = await region.service.client().get(link)
    assert page.headers["content-type"].startswith("text/html")
    assert f'<form method="post" action="{link}">' in page.text
    assert "Everything from Leads in Leeds" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert (await region.ann.get("/preferences")).json() == before


async def test_unsubscribing_can_be_undone(region: Region) -> None:
    link = await the_link(region)
    anyone = region.service.client()
    before = (await region.ann.get("/preferences")).json()
    stopped = await anyone.post(link, data={"scope": "community"})
    assert f"{link}/undo" in stopped.text
    assert (await region.ann.get("/preferences")).json()["mute_communities"] == ["leads"]
    for _ in range(2):
        assert (await anyone.post(f"{link}/undo")).status_code == 200
    assert (await region.ann.get("/preferences")).json() == before
    region.post.mails.clear()
    await region.happens(announced())
    assert region.post.to("ann")


async def test_mails_of_one_kind_share_their_link_and_others_do_not(region: Region) -> None:
    await region.service.happens(registered("ann"))
    await region.community_of()
    await region.happens(joined("ann"), rhythm(), announced())
    links = [mail["List-Unsubscribe"] for mail in region.post.to("ann")]
    assert (len(links), len(set(links))) == (3, 2)


@pytest.mark.parametrize("path", ["/unsubscribe/guess", "/messages/guess/1"])
async def test_a_guessed_link_finds_nothing(region: Region, path: str) -> None:
    assert (await region.service.client().get(path)).status_code == 404
    if path.startswith("/unsubscribe"):
        assert (await region.service.client().post(path)).status_code == 404


async def test_a_link_opens_only_messages_of_its_own_kind(region: Region) -> None:
    link = await the_link(region)
    anyone = region.service.client()
    items = (await region.ann.get("/inbox")).json()["items"]
    rhythm_, welcome = (item["id"] for item in items)
    token = link.rpartition("/")[2]
    page = await anyone.get(f"/messages/{token}/{rhythm_}")
    assert "every month on the second Tuesday" in page.text
    assert (await anyone.get(f"/messages/{token}/{welcome}")).status_code == 404
    assert (await region.ann.get("/inbox/unread-count")).json() == {"unread": 2}
    assert (await anyone.get(f"/messages/{token}/{rhythm_}/invite.ics")).status_code == 404


async def test_an_unknown_scope_is_refused(region: Region) -> None:
    reply = await region.service.client().post(await the_link(region), data={"scope": "world"})
    assert reply.status_code == 422
