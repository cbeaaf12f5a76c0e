"""Operators change what messages say while everything runs; what cannot work is refused."""

from tests.service.notifications.region import Region, arrives, joined, registered, started
from tests.service.notifications.training import WORDS, completed, taught


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
