"""Bad input: a clear 4xx that names the field; nothing stored, nothing published."""

from typing import Any

import pytest

from shared.http.paging import cursor

RHYTHM = {"frequency": "monthly", "weekdays": ["TU"], "nth": 2, "local_time": "14:00"}
MEETING = {"starts_at": "2027-02-01T14:00:00Z"}


@pytest.mark.parametrize(
    ("where", "body", "field"),
    [
        ("rhythm", RHYTHM | {"interval": 0}, "interval"),
        ("rhythm", RHYTHM | {"zone": "Europe/Loondon"}, "zone"),
        ("rhythm", RHYTHM | {"local_time": "14:00+01:00"}, "local_time"),
        ("rhythm", RHYTHM | {"nth": 6}, "nth"),
        ("rhythm", RHYTHM | {"starts_on": "2020-01-01"}, "starts_on"),
        ("rhythm", RHYTHM | {"starts_on": "2027-05-01", "until": "2027-04-01"}, "until"),
        ("rhythm", RHYTHM | {"until": "2027-01-05"}, "until"),
        ("rhythm", RHYTHM | {"rrule": "FREQ=SECONDLY"}, "rrule"),
        ("rhythm", RHYTHM | {"title": "x\r\nBcc: eve@example.org"}, "title"),
        ("rhythm", {}, "frequency"),
        ("notice", {"days": -1}, "days"),
        ("notice", {"days": 10_000}, "days"),
        ("notice", {"days": "3"}, "days"),
    ],
)
async def test_a_bad_rhythm_or_notice_is_refused(region, where: str, body: Any, field: str):
    before = await region.stored()
    reply = await region.fay.put(f"/communities/c1/{where}", json=body)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in reply.json()["errors"]]
    assert await region.stored() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"starts_at": "2027-02-01T14:00:00"}, "starts_at"),
        ({"starts_at": 1801490400}, "starts_at"),
        ({"starts_at": "yesterday"}, "starts_at"),
        ({"starts_at": "2026-02-01T14:00:00Z"}, "starts_at"),
        (MEETING | {"ends_at": "2027-02-01T13:00:00Z"}, "ends_at"),
        (MEETING | {"ends_at": "2027-02-01T15:00:00"}, "ends_at"),
        (MEETING | {"zone": "Nowhere"}, "zone"),
        ({"starts_on": "2027-03-28", "local_time": "01:30"}, "local_time"),
        ({"starts_at": "2027-03-28T01:30:00+01:00"}, "starts_at"),
        (MEETING | {"seats": 0}, "seats"),
        (MEETING | {"join_url": "javascript:alert(1)"}, "join_url"),
        (MEETING | {"title": "x\nBcc: eve@example.org"}, "title"),
        ({}, "starts_at"),
    ],
)
async def test_a_bad_meeting_is_refused(region, body: Any, field: str):
    before = await region.stored()
    reply = await region.fay.post("/communities/c1/meetings", json=body)
    assert reply.status_code == 422
    assert field in [error["field"] for error in reply.json()["errors"]]
    assert await region.stored() == before


async def test_a_bad_change_is_refused(region):
    path = await region.meeting()
    before = await region.stored()
    for body in (
        {"starts_at": "2027-02-01T14:00:00"},
        {"starts_at": "2027-01-01T14:00:00Z"},
        {"ends_at": "2027-02-01T14:00:00Z"},
        {"starts_on": "2027-03-28", "local_time": "01:30"},
    ):
        assert (await region.fay.patch(path, json=body)).status_code == 422
    assert (await region.ann.put(f"{path}/rsvp", json={"status": "maybe"})).status_code == 422
    empty = await region.fay.post(f"{path}/cancellation", json={"reason": ""})
    assert empty.status_code == 422
    assert await region.stored() == before


async def test_what_is_no_json_is_refused(region):
    reply = await region.fay.put(
        "/communities/c1/rhythm", content=b"{", headers={"content-type": "application/json"}
    )
    assert reply.status_code == 400
    reply = await region.fay.put("/communities/c1/rhythm", content=b"x" * 10_000_000)
    assert reply.status_code == 413


async def test_someone_elses_community_is_not_mine_to_decide_about(region):
    await region.starts("c2", "private")
    before = await region.stored()
    reply = await region.ann.put("/communities/c2/rhythm", json=RHYTHM)
    assert reply.status_code == 404
    reply = await region.ann.post("/communities/c2/meetings", json=MEETING)
    assert reply.status_code == 404
    assert await region.stored() == before


async def test_a_cursor_of_another_list_is_refused(region):
    await region.rhythm()
    page = (await region.fay.get("/communities/c1/meetings", params={"limit": "1"})).json()
    path = f"/meetings/{page['items'][0]['meeting_id']}/rsvps"
    for where, made in ((path, page["next"]), ("/communities/c1/meetings", "!")):
        assert (await region.fay.get(where, params={"cursor": made})).status_code == 400
    for query in ({"limit": "0"}, {"from": "2027-02-01T14:00:00"}, {"from": "0"}):
        reply = await region.fay.get("/communities/c1/meetings", params=query)
        assert reply.status_code == 422


TIME = "2027-02-01T14:00:00+00:00"


@pytest.mark.parametrize("position", [[], ["abc"], [-5], [True], [1.5], [2**63], [[1]], [1, 2]])
async def test_a_forged_cursor_of_answers_is_refused(region, position: list[Any]):
    path = f"{await region.meeting()}/rsvps"
    made = cursor(path, *position)
    assert (await region.fay.get(path, params={"cursor": made})).status_code == 400


@pytest.mark.parametrize(
    "position",
    [
        [],
        [1],
        [1, "y"],
        ["2027-01-01"],
        ["x", "y"],
        [{}, "y"],
        [TIME],
        [TIME, 1],
        [TIME, {"$gt": ""}],
        ["2027-02-01T14:00:00", "y"],
        ["0001-01-01T00:00:00+14:00", "y"],
        ["9999-12-31T23:59:59-14:00", "y"],
    ],
)
async def test_a_forged_cursor_of_meetings_is_refused(region, position: list[Any]):
    path = "/communities/c1/meetings"
    made = cursor(path, *position)
    assert (await region.fay.get(path, params={"cursor": made})).status_code == 400


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_outside_of_all_calendars_is_refused(region, time: str):
    path = "/communities/c1/meetings"
    assert (await region.fay.get(path, params={"from": time})).status_code == 422
    assert (await region.fay.post(path, json={"starts_at": time})).status_code == 422


async def test_a_key_with_another_body_is_refused(region):
    key = {"idempotency-key": "k1"}
    await region.fay.post("/communities/c1/meetings", json=MEETING, headers=key)
    reply = await region.fay.post(
        "/communities/c1/meetings", json=MEETING | {"title": "x"}, headers=key
    )
    assert reply.status_code == 422
    assert len(await region.meetings()) == 1
