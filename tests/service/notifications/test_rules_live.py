"""Rules and templates are changed while everything runs."""

from typing import Any

import pytest

from shared.consuming.applying import Failed
from shared.consuming.record import is_final
from tests.service.notifications.region import Region, arrives, joined, registered, started
from tests.service.notifications.training import JOINED, TRAINED, WORDS, completed, taught


async def test_an_event_type_nobody_knows_is_told_by_a_rule_added_live(region: Region) -> None:
    await region.service.happens(registered("ann"))
    await arrives(region, completed("before"), "external.events")
    await taught(region)
    await arrives(region, completed(), "external.events")
    [mail] = await region.told()
    assert mail["Subject"] == "Well done, Ann"
    assert "You completed First aid." in mail.text
    assert "https://training.example/1" in mail.text
    assert "training" in (await region.ann.get("/preferences")).json()["mail"]


async def test_a_foreign_event_that_lacks_what_its_rule_needs_is_set_aside(region: Region) -> None:
    await taught(region)
    for lacks, named in (({"learner": None}, "data.learner"), ({"course": None}, "data.course")):
        with pytest.raises(Failed) as refused:
            await arrives(region, completed("bad", **lacks), "external.events")
        assert is_final(refused.value.error)
        assert named in str(refused.value.error)
    await arrives(region, completed("good"), "external.events")
    assert len(await region.told()) == 1


async def test_a_rule_that_was_changed_holds_from_the_next_event_on(region: Region) -> None:
    await taught(region)
    await region.operator.put(
        "/rules/trained", json=TRAINED | {"unless": {"data.course": "First aid"}}
    )
    await arrives(region, completed(), "external.events")
    assert await region.told() == []
    reply = await region.operator.get("/rules/trained")
    assert (reply.json()["version"], reply.headers["etag"]) == (2, '"v2"')


async def test_a_built_in_rule_can_be_changed_and_withdrawn(region: Region) -> None:
    welcome = (await region.operator.get("/rules/welcome")).json()
    assert welcome["built_in"] is True
    quiet = welcome | {"enabled": False}
    reply = await region.operator.put("/rules/welcome", json=quiet)
    assert (reply.status_code, reply.json()["built_in"]) == (200, False)
    assert await region.happens(registered("ann"), started(), joined("ann")) == []
    await region.operator.put("/rules/welcome", json=welcome)
    assert len(await region.happens(registered("bob"), joined("bob"))) == 1
    assert (await region.operator.delete("/rules/welcome")).status_code == 204
    assert (await region.operator.get("/rules/welcome")).status_code == 404
    assert (await region.operator.delete("/rules/welcome")).status_code == 404
    assert len(await region.happens(registered("cem"), joined("cem"))) == 1
    listed = (await region.operator.get("/rules?limit=200")).json()["items"]
    assert "welcome" not in [rule["rule_id"] for rule in listed]
    assert (await region.operator.put("/rules/welcome", json=welcome)).status_code == 201


async def test_rules_are_listed_page_by_page(region: Region) -> None:
    seen: list[str] = []
    path = "/rules?limit=5"
    while path:
        page = (await region.operator.get(path)).json()
        seen += [rule["rule_id"] for rule in page["items"]]
        path = page["next"] and f"/rules?limit=5&cursor={page['next']}"
    assert len(seen) == len(set(seen)) > 10
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"template": "nowhere"}, "welcome"),
        ({"event": JOINED}, "data.learner"),
        ({"event": JOINED, "audience": {"people": "data.person_id"}}, "data.course"),
        ({"audience": {}}, "members_of"),
        ({"audience": {"people": "data.learner", "roles": ["king"]}}, "roles"),
        ({"category": "No Such"}, "category"),
        ({"calendar": "invitation"}, "calendar"),
        ({"when": {"course": "x"}}, "data."),
        ({"fresh_days": 0}, "fresh_days"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_rule_that_cannot_work_is_refused(
    region: Region, change: dict[str, Any], named: str
) -> None:
    await taught(region)
    reply = await region.operator.put("/rules/other", json=TRAINED | change)
    assert reply.status_code == 422
    assert named in reply.text
    assert (await region.operator.get("/rules/other")).status_code == 404


@pytest.mark.parametrize("rule_id", ["No-Capitals", "a" * 61, "-x"])
async def test_a_rules_id_must_be_plain(region: Region, rule_id: str) -> None:
    await taught(region)
    assert (await region.operator.put(f"/rules/{rule_id}", json=TRAINED)).status_code == 422


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/rules/welcome", "/templates/welcome", "/deliveries"])
async def test_only_operators_see_and_change_them(region: Region, method: str, path: str) -> None:
    reply = await region.ann.request(method, path, json={})
    assert reply.status_code in (403, 405, 422)
    assert (await region.service.client().request(method, path)).status_code in (401, 405)


async def test_two_operators_do_not_overwrite_each_other(region: Region) -> None:
    await taught(region)
    old = {"if-match": '"v1"'}
    first = await region.operator.put(
        "/rules/trained", json=TRAINED | {"fresh_days": 3}, headers=old
    )
    second = await region.operator.put(
        "/rules/trained", json=TRAINED | {"fresh_days": 9}, headers=old
    )
    assert (first.status_code, second.status_code) == (200, 412)
    first = await region.operator.put("/templates/trained", json=WORDS, headers=old)
    second = await region.operator.put("/templates/trained", json=WORDS, headers=old)
    assert (first.status_code, second.status_code) == (200, 412)
