"""Rules and templates are changed while everything runs."""

from typing import Any

import pytest

from shared.consuming.applying import Failed
from shared.consuming.record import is_final
from tests.service.notifications.region import Region, arrives, joined, registered, started

TRAINED = {
    "event": "org.training.Completed",
    "audience": {"people": "data.learner"},
    "category": "training",
    "template": "trained",
}
WORDS = {
    "subject": "Well done, {{ person.name }}",
    "text": "You completed {{ data.course }}.",
    "action": {"label": "See your certificate", "url": "{{ data.certificate }}"},
}
JOINED = "copse.membership.MemberJoined.v1"


def completed(id: str = "1", **data: Any) -> dict[str, Any]:
    usual = {"learner": "ann", "course": "First aid", "certificate": "https://training.example/1"}
    return {
        "specversion": "1.0",
        "id": id,
        "source": "/training",
        "type": "org.training.Completed",
        "data": {name: value for name, value in (usual | data).items() if value is not None},
    }


async def taught(region: Region) -> None:
    """An operator saves the rule and its template."""
    await region.service.happens(registered("ann"))
    reply = await region.operator.put("/templates/trained", json=WORDS)
    assert (reply.status_code, reply.json()["version"]) == (200, 1)
    reply = await region.operator.put("/rules/trained", json=TRAINED)
    assert (reply.status_code, reply.json()["version"]) == (201, 1), reply.text


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


# Templates


async def test_an_unknown_variable_is_refused_when_a_template_is_saved(region: Region) -> None:
    welcome = (await region.operator.get("/templates/welcome")).json()
    reply = await region.operator.put(
        "/templates/welcome", json=welcome | {"text": "Hi {{ persn.name }}"}
    )
    assert reply.status_code == 422
    assert reply.json()["type"] == "urn:copse:problem:unknown-variable"
    assert reply.json()["unknown"] == ["persn"]
    assert reply.json()["errors"][0]["field"] == "text"
    assert (await region.operator.get("/templates/welcome")).json() == welcome


async def test_a_new_version_is_used_from_now_on_and_the_old_ones_are_kept(region: Region) -> None:
    first = (await region.operator.get("/templates/welcome")).json()
    assert first["version"] == 0
    await region.happens(registered("ann"), started(), joined("ann"))
    new = first | {
        "subject": "Come in, {{ person.name }}",
        "html": "<p>Hi <b>{{ person.name }}</b></p>",
    }
    reply = await region.operator.put("/templates/welcome", json=new)
    assert (reply.status_code, reply.json()["version"]) == (200, 1)
    assert reply.json()["saved_by"] == "olga"
    await region.happens(registered("bob", name="<Bob>"), joined("bob"))
    [mail] = region.post.to("bob")
    assert mail["Subject"] == "Come in, <Bob>"
    assert "<p>Hi <b>&lt;Bob&gt;</b></p>" in mail.html
    kept = (await region.operator.get("/templates/welcome/versions")).json()["items"]
    assert [one["version"] for one in kept] == [1, 0]
    assert (await region.operator.get("/templates/welcome?version=0")).json() == first
    [item] = (await region.ann.get("/inbox")).json()["items"]
    assert item["subject"] == "Welcome to Leads in Leeds"


async def test_a_template_can_be_previewed_before_it_is_saved(region: Region) -> None:
    reply = await region.operator.post("/templates/welcome/preview", json={})
    assert reply.json()["subject"] == "Welcome to …"
    assert "<h1" in reply.json()["html"]
    draft = WORDS | {"text": "{{ data.course }}", "action": {"label": "Go", "url": "https://x.org"}}
    trial = {"draft": draft, "data": {"course": "<First> aid"}}
    shown = (await region.operator.post("/templates/trained/preview", json=trial)).json()
    assert "<First> aid" in shown["text"]
    assert "&lt;First&gt; aid" in shown["html"]
    assert shown["action"] == {"label": "Go", "url": "https://x.org"}
    assert (await region.operator.get("/templates/trained")).status_code == 404
    refused = await region.operator.post(
        "/templates/welcome/preview", json={"draft": WORDS | {"text": "{{ nothing }}"}}
    )
    assert refused.status_code == 422


async def test_a_preview_that_would_take_all_memory_is_refused(region: Region) -> None:
    action = {"label": "Look", "url": "https://x.org"}
    draft = {"subject": "x", "text": '{{ "x"|center(900000000)|length }}', "action": action}
    reply = await region.operator.post("/templates/mine/preview", json={"draft": draft})
    assert (reply.status_code, reply.json()["type"]) == (422, "urn:copse:problem:unusable-template")


async def test_a_mail_whose_template_fails_is_kept_with_the_reason(region: Region) -> None:
    await taught(region)
    await region.operator.put(
        "/templates/trained",
        json=WORDS | {"text": "{% if person.name == 'Bob' %}{{ data.only_bob.x }}{% endif %}"},
    )
    await region.service.happens(registered("bob"))
    await arrives(region, completed(learner="bob", only_bob=[1]), "external.events")
    assert await region.told() == []
    [one] = (await region.operator.get("/deliveries?state=failed")).json()["items"]
    assert "only_bob" in one["reason"] or "trained" in one["reason"]
    [item] = (await region.bob.get("/inbox")).json()["items"]
    assert item["subject"] == "This message cannot be shown"


# Deliveries


async def test_an_operator_reads_what_became_of_mails_page_by_page(region: Region) -> None:
    await region.community_of(*"abcde")
    seen: list[str] = []
    path = "/deliveries?state=sent&limit=4"
    while path:
        page = (await region.operator.get(path)).json()
        seen += [one["id"] for one in page["items"]]
        path = page["next"] and f"/deliveries?state=sent&limit=4&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 6
    one = (await region.operator.get(f"/deliveries/{seen[0]}")).json()
    assert (one["attempts"], one["trail"][0]["outcome"]) == (1, "sent")
    assert "@" not in str(one)
    assert (await region.operator.get("/deliveries/nothing")).status_code == 404
    assert (await region.operator.get("/deliveries?state=lost")).status_code == 422
    assert (await region.ann.post(f"/deliveries/{seen[0]}/resend")).status_code == 403


async def test_an_event_may_name_its_category_itself(region: Region) -> None:
    await taught(region)
    await region.operator.put("/rules/trained", json=TRAINED | {"category": "data.kind"})
    await arrives(region, completed(kind="first-aid"), "external.events")
    assert len(await region.told()) == 1
    reply = await region.ann.put("/preferences", json={"mail": {"first-aid": False}})
    assert reply.status_code == 200
    await arrives(region, completed("2", kind="first-aid"), "external.events")
    assert len(await region.told()) == 1
    with pytest.raises(Failed, match=r"data\.kind"):
        await arrives(region, completed("3"), "external.events")


# Categories


async def test_an_operator_says_what_a_category_is(region: Region) -> None:
    await taught(region)
    listed = (await region.ann.get("/categories")).json()["items"]
    assert "training" in [one["category"] for one in listed]
    words = {"title": "Training", "reason": "You get this because you booked a course."}
    assert (await region.ann.put("/categories/training", json=words)).status_code == 403
    assert (await region.operator.put("/categories/training", json=words)).status_code == 200
    await arrives(region, completed(), "external.events")
    [mail] = await region.told()
    assert "You get this because you booked a course." in mail.text
