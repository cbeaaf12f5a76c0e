"""People register with their token's claims; personal data stands only on its own topic."""

from datetime import timedelta
from typing import Any

from shared.contracts.membership import PersonChanged, PersonEvent, PersonRegistered
from shared.types.clock import now
from tests.support.service import Service


async def test_a_person_registers_with_what_the_token_says(region: Any, service: Service) -> None:
    assert (await region.ann.get("/people/me")).status_code == 404
    reply = await region.ann.put("/people/me")
    assert reply.status_code == 201
    told = reply.json()
    assert told == {
        "person_id": "ann",
        "name": "Ann",
        "email": "ann@example.org",
        "zone": "Europe/London",
        "registered_at": told["registered_at"],
    }
    assert (await region.ann.get("/people/me")).json() == told
    (registered,) = await service.published()
    assert isinstance(registered, PersonRegistered)
    assert registered.model_dump(mode="json")["email"] == "ann@example.org"


async def test_a_person_changes_and_the_same_again_says_nothing(
    region: Any, service: Service
) -> None:
    service.clock(now() - timedelta(days=30))
    first = (await region.ann.put("/people/me")).json()
    service.clock(now() + timedelta(days=30))
    assert (await region.ann.put("/people/me")).status_code == 200
    reply = await region.ann.put("/people/me", json={"name": "Ann B", "zone": "Europe/Paris"})
    assert (reply.status_code, reply.json()["name"]) == (200, "Ann B")
    moved = service.as_("ann", name="Ann B", email="ann@nhs.example.org")
    reply = await moved.put("/people/me", json={})
    assert reply.json()["zone"] == "Europe/Paris"
    told = await service.published(PersonChanged)
    assert [(one.name, one.email, one.zone) for one in told] == [
        ("Ann B", "ann@example.org", "Europe/Paris"),
        ("Ann B", "ann@nhs.example.org", "Europe/Paris"),
    ]
    assert {one.model_dump(mode="json")["registered_at"] for one in told} == {
        first["registered_at"]
    }


CLAIMS: list[tuple[dict[str, str], list[str]]] = [
    ({"name": ""}, ["name"]),
    ({"email": ""}, ["email"]),
    ({"name": "", "email": ""}, ["name", "email"]),
    ({"name": "Ann\r\nBcc: all@example.org"}, ["name"]),
    ({"name": "Ann\x00"}, ["name"]),
    ({"name": "x" * 201}, ["name"]),
    ({"email": "ann"}, ["email"]),
    ({"email": "ann@example.org\nBcc: all@example.org"}, ["email"]),
    ({"email": "Ann <ann@example.org>"}, ["email"]),
    ({"email": "ann@example.org, all@example.org"}, ["email"]),
]


async def test_a_token_that_will_not_do_registers_nobody_and_joins_nothing(
    region: Any, service: Service
) -> None:
    path = await region.community()
    before = await region.untouched()
    start = {"community_type": "group-leads", "name": "A", "places": ["Leeds"]}
    for claims, fields in CLAIMS:
        ann = service.as_("ann", **claims)
        for reply in (
            await ann.put("/people/me"),
            await ann.post(f"{path}/members"),
            await ann.post("/communities", json=start),
        ):
            assert reply.status_code == 422, claims
            assert [one["field"] for one in reply.json()["errors"]] == fields, claims
            assert "Bcc" not in reply.text
    assert await before.still()


BODIES: list[tuple[dict[str, Any], str]] = [
    ({"name": "Ann\nBcc: all@example.org"}, "name"),
    ({"name": ""}, "name"),
    ({"name": ["Ann"]}, "name"),
    ({"zone": "Europe/Leeds"}, "zone"),
    ({"zone": ""}, "zone"),
    ({"zone": "/etc/passwd"}, "zone"),
    ({"email": "other@example.org"}, "email"),
]


async def test_what_a_person_says_of_themselves_is_checked(region: Any) -> None:
    before = await region.untouched()
    for body, field in BODIES:
        reply = await region.ann.put("/people/me", json=body)
        assert reply.status_code == 422, body
        assert [one["field"] for one in reply.json()["errors"]] == [field], body
    assert await before.still()


async def test_a_body_may_bring_the_name_that_the_token_lacks(
    region: Any, service: Service
) -> None:
    reply = await service.as_("ann", name="").put("/people/me", json={"name": "Ann"})
    assert (reply.status_code, reply.json()["name"]) == (201, "Ann")


async def test_names_and_addresses_are_told_on_the_topic_of_people_alone(
    region: Any, service: Service
) -> None:
    fay = service.as_("f1", name="Fay Winterbourne", email="winterbourne@example.org")
    ann = service.as_("a1", name="Ann Summerfield", email="summerfield@example.org")
    await region.define("group-leads")
    start = {"community_type": "group-leads", "name": "A", "places": ["Leeds"]}
    start["join_policy"] = "request"
    path = (await fay.post("/communities", json=start)).headers["location"]
    await ann.post(f"{path}/members")
    await fay.put(f"{path}/requests/a1", json={"decision": "accept"})
    await fay.post(f"{path}/handover", json={"to": "a1"})
    await ann.put(f"{path}/handover", json={"accept": True})
    await fay.delete(f"{path}/members/me")
    events = await service.published()
    assert len({type(one) for one in events}) > 7
    for event in events:
        personal = any(
            word in event.model_dump_json().lower() for word in ("winterbourne", "summerfield")
        )
        assert personal == isinstance(event, PersonEvent)
