"""What the links of a mail open without signing in: reading does nothing, posting stops and undoes."""

import pytest

from tests.service.notifications.region import Region, announced, joined, registered, rhythm


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
