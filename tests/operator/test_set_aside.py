"""Dead letters and held events from the terminal, over real services."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.services import names
from tests.kernel.world import until
from tests.operator.desk import REQUEST_TYPE, REQUESTS, Work, a_request, headers
from tests.system.region import fresh

pytestmark = pytest.mark.timeout(180)


async def a_dead_letter(work: Work, key: str) -> dict[str, Any]:
    """A request without an audience, which no rule can take."""
    event = a_request([], "x", audience=None)
    await work.region.publish(REQUESTS, key, json.dumps(event).encode(), headers(event))
    found: list[dict[str, Any]] = []

    async def dead() -> bool:
        found[:] = await work.desk.done("dead", "list", "--key", key)
        return bool(found)

    await until(dead, seconds=30, every=0.2)
    return found[0]


async def test_a_dead_letter_is_listed_shown_replayed_and_dropped(work: Work):
    desk, key = work.desk, fresh("broken")
    one = await a_dead_letter(work, key)
    assert one["service"] == "notifications"
    assert "audience" in one["reason"]

    shown = await desk.types("dead", "show", one["id"])
    assert shown.code == 0
    assert one["reason"] in shown.out
    assert REQUEST_TYPE in shown.out

    told = await desk.types("dead", "replay", "--key", key)
    assert "replay is about 1 event (notifications 1)." in told.out
    assert "--yes" in told.err
    assert len(await desk.done("dead", "list", "--key", key)) == 1

    again = await desk.types_in_a_terminal("dead", "replay", "--id", one["id"], "--yes")
    assert "replay: 1 event" in again.out
    assert '"did": "replay"' in again.err

    async def dead_again() -> bool:
        [now] = await desk.done("dead", "list", "--key", key) or [one]
        return now["next_at"] != one["next_at"]

    await until(dead_again, seconds=30, every=0.2)

    assert (await desk.done("dead", "drop", "--key", key, "--until", "1h"))["events"] == 0
    assert (await desk.done("dead", "drop", "--key", key, "--since", "1h", "--yes"))["events"] == 1
    assert await desk.done("dead", "list", "--key", key) == []


async def test_a_status_with_dead_letters_is_degraded_until_they_are_gone(work: Work):
    key = fresh("broken")
    one = await a_dead_letter(work, key)
    _, faults = await work.desk.status_of("notifications")
    assert any("dead letters: copse dead list --service notifications" in f for f in faults)
    kinds = await work.desk.done("dead", "list", "--kinds")
    assert one["fingerprint"] in [kind["fingerprint"] for kind in kinds]
    dropped = await work.desk.done("dead", "drop", "--fingerprint", one["fingerprint"], "--yes")
    assert dropped["services"]["notifications"] == dropped["events"] >= 1
    assert (await work.desk.types("status")).code == 0


async def test_a_held_event_is_tried_again_at_once_when_told(work: Work):
    """Held by hand here, due in an hour: a failure that ends is not made in a second."""
    desk, key = work.desk, fresh("held")
    ann = work.region.person("ann")
    await ann.does("PUT", "membership", "/people/me", json={})
    subject = fresh("It is retried")
    one = await a_dead_letter(work, key)
    good = json.dumps(a_request([ann.person_id], subject)).encode()
    with MongoClient(desk.parts.mongo) as client:
        client["notifications"]["parked"].update_one(
            {"_id": one["id"]},
            {
                "$set": {
                    "state": "held",
                    "value": good,
                    "next_at": datetime.now(UTC) + timedelta(hours=1),
                }
            },
        )
    [held] = await desk.done("parked", "list", "--key", key)
    assert held["state"] == "held"
    assert (await desk.types("parked", "show", held["id"])).code == 0
    seen, faults = await desk.status_of("notifications")
    assert seen["held"] == 1
    assert not faults
    assert (await desk.done("parked", "retry", "--key", key, "--yes"))["events"] == 1
    await ann.gets(subject)
    assert await desk.done("parked", "list", "--key", key) == []


async def test_what_is_asked_wrongly_is_said_with_exit_code_2(work: Work):
    for words, said in (
        (("dead", "replay"), "Say which"),
        (("dead", "list", "--since", "yesterday"), "is no time such as"),
        (("dead", "show", "x"), "is no id such as"),
    ):
        answer = await work.desk.types(*words)
        assert answer.code == 2
        assert said in answer.err
    unknown = await work.desk.types("dead", "list", "--service", "cooking")
    assert unknown.code == 1
    assert "There is no service cooking" in unknown.err
    assert ", ".join(sorted(names())) in unknown.err
