"""Bad input: a clear 4xx that names the field; nothing stored, nothing published."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from shared.http.paging import cursor
from tests.support.service import AUDIENCE, ISSUER, Service, token

LEEDS = {"community_type": "group-leads", "name": "Leads in Leeds", "places": ["Leeds"]}
JSON = {"content-type": "application/json"}


COMMUNITIES: list[tuple[dict[str, Any], str]] = [
    ({"community_type": None}, "community_type"),
    ({"name": None}, "name"),
    ({"name": ""}, "name"),
    ({"name": "Leeds\r\nBcc: all@example.org"}, "name"),
    ({"name": "Leeds\u202e"}, "name"),
    ({"name": 12}, "name"),
    ({"places": []}, "places"),
    ({"places": "Leeds"}, "places"),
    ({"places": ["Leeds", 5]}, "places.1"),
    ({"places": ["Leeds"] * 51}, "places"),
    ({"purpose": "x" * 20_001}, "purpose"),
    ({"format": "phone"}, "format"),
    ({"privacy": "secret"}, "privacy"),
    ({"privacy": "confidential", "join_policy": "request"}, "join_policy"),
    ({"privacy": "private", "join_policy": "open"}, "join_policy"),
    ({"privacy": "restricted", "join_policy": "open"}, "join_policy"),
    ({"join_policy": "apply"}, "join_policy"),
    ({"facilitators": ["ann"]}, "facilitators"),
]


async def test_a_wrong_community_is_refused_by_its_field(region: Any) -> None:
    await region.define("group-leads")
    before = await region.untouched()
    for wrong, field in COMMUNITIES:
        reply = await region.fay.post("/communities", json=LEEDS | wrong)
        assert reply.status_code == 422, wrong
        assert reply.headers["content-type"] == "application/problem+json"
        assert [one["field"] for one in reply.json()["errors"]] == [field], wrong
        assert "Bcc" not in reply.text
    assert await before.still()


COMMANDS: list[tuple[str, str, dict[str, Any], str]] = [
    ("PATCH", "", {"name": ""}, "name"),
    ("PATCH", "", {"members": 5}, "members"),
    ("PATCH", "", {"community_type": "leaders"}, "community_type"),
    ("PATCH", "", {"privacy": "confidential"}, "join_policy"),
    ("PUT", "/members/ann/role", {}, "role"),
    ("PUT", "/members/ann/role", {"role": 1}, "role"),
    ("POST", "/invitations", {"person_id": 5}, "person_id"),
    ("POST", "/invitations", {"person_id": ""}, "person_id"),
    ("POST", "/invitations", {"person_id": {"$ne": ""}}, "person_id"),
    ("POST", "/invitations", {}, "person_id"),
    ("PUT", "/requests/ann", {"decision": "maybe"}, "decision"),
    ("PUT", "/requests/ann", {"decision": "decline", "reason": "\x00"}, "reason"),
    ("POST", "/handover", {"to": None}, "to"),
    ("PUT", "/handover", {"accept": "yes"}, "accept"),
    ("PUT", "/handover", {"accept": 1}, "accept"),
]


async def test_a_wrong_command_is_refused_by_its_field(region: Any) -> None:
    path = await region.community()
    before = await region.untouched()
    for method, rest, body, field in COMMANDS:
        reply = await region.fay.request(method, f"{path}{rest}", json=body)
        assert reply.status_code == 422, (rest, body)
        assert [one["field"] for one in reply.json()["errors"]] == [field], (rest, body)
    assert await before.still()


UNREADABLE: list[tuple[bytes, int]] = [
    (b"{", 400),
    (b'{"name": "Leeds', 400),
    (b"\xff\xfe", 400),
    (b"", 422),
    (b"[]", 422),
    (b'"Leeds"', 422),
    (b'{"name": "\\ud800", "community_type": "group-leads", "places": ["Leeds"]}', 422),
    (b'{"\\ud800": 1, "community_type": "group-leads", "name": "A", "places": ["B"]}', 422),
    (b"[" * 100_000, 400),
    (b'{"name": "' + b"x" * 10_000_000 + b'"}', 413),
]


async def test_a_body_that_cannot_be_read_is_refused(region: Any) -> None:
    await region.define("group-leads")
    before = await region.untouched()
    for body, status in UNREADABLE:
        reply = await region.fay.post("/communities", content=body, headers=JSON)
        assert reply.status_code == status, body[:80]
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["title"]
    assert await before.still()


async def test_a_wrong_cursor_or_limit_is_refused(region: Any) -> None:
    community = await region.community()
    for path in (
        "/communities",
        "/community-types",
        f"{community}/members",
        f"{community}/requests",
    ):
        for query, status in (
            ("cursor=nonsense", 400),
            ("cursor=WyIvb3RoZXIiLDFd", 400),
            ("limit=0", 422),
            ("limit=201", 422),
            ("limit=many", 422),
        ):
            reply = await region.fay.get(f"{path}?{query}")
            assert reply.status_code == status, (path, query)


async def test_a_cursor_of_another_list_or_of_another_make_is_refused(region: Any) -> None:
    await region.community()
    for made in (
        cursor("/community-types", "a"),
        cursor("/communities", 5),
        cursor("/communities"),
    ):
        reply = await region.fay.get(f"/communities?cursor={made}")
        assert reply.status_code == 400, made


def _foreign() -> dict[str, str]:
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "fay", "name": "Fay", "email": "f@example.org"}
    soon = {"exp": datetime.now(UTC) + timedelta(hours=1)}
    return {
        "none": jwt.encode(usual | soon, None, "none", headers={"kid": "test"}),
        "symmetric": jwt.encode(usual | soon, "x" * 64, "HS256", headers={"kid": "test"}),
        "foreign key": token("fay", key=ec.generate_private_key(ec.SECP256R1())),
        "expired": token("fay", exp=datetime.now(UTC) - timedelta(minutes=5)),
        "other issuer": token("fay", iss="https://elsewhere.test"),
        "other audience": token("fay", aud="elsewhere"),
        "garbled": "a.b.c",
    }


async def test_a_token_that_does_not_hold_does_nothing(region: Any, service: Service) -> None:
    await region.define("group-leads")
    before = await region.untouched()
    for made, foreign in _foreign().items():
        reply = await service.client(f"Bearer {foreign}").post("/communities", json=LEEDS)
        assert reply.status_code == 401, made
        assert reply.headers["www-authenticate"] == "Bearer"
    assert await before.still()


async def test_a_method_that_is_not_there_is_told_every_one_that_is(region: Any) -> None:
    reply = await region.ann.request("PROPFIND", "/people/me")
    assert reply.status_code == 405
    assert reply.headers["allow"] == "GET, PUT"
