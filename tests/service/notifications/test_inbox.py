"""My inbox, what I choose to get by mail, and the links in mails."""

from typing import Any

import pytest

from shared.http.paging import cursor
from tests.service.notifications.region import Region, announced, registered, rhythm, wish


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
