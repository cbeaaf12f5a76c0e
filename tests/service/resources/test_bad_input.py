"""A clear 4xx that names the field and the mend; nothing stored, nothing published."""

import base64
import json
from typing import Any

import pytest

from shared.contracts.resources import ResourceShared
from tests.support import Service

LINK = {"url": "https://example.org/guide", "title": "Guide"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://ann:secret@example.org/"}, "url"),
        ({"url": "https://example.org/" + "a" * 2000}, "url"),
        ({"url": 7}, "url"),
        ({"url": None}, "url"),
        ({"title": ""}, "title"),
        ({"title": "a\r\nBcc: eve@example.org"}, "title"),
        ({"title": "a\u202eb"}, "title"),
        ({"title": ["a"]}, "title"),
        ({"description": "x" * 5001}, "description"),
        ({"tags": "care"}, "tags"),
        ({"tags": ["a"] * 21}, "tags"),
        ({"tags": [1]}, "tags.0"),
    ],
)
async def test_a_wrong_value_is_named(region: Service, wrong: dict[str, Any], field: str) -> None:
    reply = await region.as_("ann").post("/communities/open/links", json=LINK | wrong)
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in reply.json()["errors"]] == [field]
    assert "secret" not in reply.text
    assert await nothing_happened(region)


@pytest.mark.parametrize("missing", ["url", "title"])
async def test_a_missing_value_is_named(region: Service, missing: str) -> None:
    body = {name: value for name, value in LINK.items() if name != missing}
    reply = await region.as_("ann").post("/communities/open/links", json=body)
    assert reply.status_code == 422
    assert [error["field"] for error in reply.json()["errors"]] == [missing]


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b"", b"[]", b"null", b'{"title": "\\ud800", "url": "https://a.org"}'],
)
async def test_a_body_that_cannot_be_read_is_refused(region: Service, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    reply = await region.as_("ann").post("/communities/open/links", content=body, headers=headers)
    assert reply.status_code in (400, 422), reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert await nothing_happened(region)


async def nothing_happened(service: Service) -> bool:
    kept = await service.database["resources"].count_documents({})
    return kept == 0 and await service.published() == []


def a_cursor(*position: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "path", ["/communities/open/resources", "/communities/open/bin", "/search"]
)
@pytest.mark.parametrize(
    "position",
    [(), (1,), ({"$gt": ""},), (None,), ("a", "b"), (1.5, {"$gt": ""}), ([],), ("nan", "x")],
    ids=str,
)
async def test_a_forged_cursor_is_refused(
    region: Service, path: str, position: tuple[Any, ...]
) -> None:
    query = {"q": "guide", "cursor": a_cursor(path, *position)}
    reply = await region.as_("fay").get(path, params=query)
    assert reply.status_code == 400, reply.text
    assert reply.json()["type"] == "urn:copse:problem:malformed"


@pytest.mark.parametrize(
    "path", ["/communities/open/resources", "/communities/open/bin", "/search"]
)
@pytest.mark.parametrize(
    "wrong", ["cursor=xyz", "cursor=%ff", "limit=0", "limit=-1", "limit=x", "limit=1000"]
)
async def test_a_bad_cursor_or_limit_is_refused(region: Service, path: str, wrong: str) -> None:
    reply = await region.as_("fay").get(f"{path}?q=guide&{wrong}")
    assert reply.status_code == (400 if wrong.startswith("cursor") else 422)


@pytest.mark.parametrize("version", ["0", "-1", "x", "1.5", "9" * 30])
async def test_a_version_is_a_number_that_there_is(region: Service, version: str) -> None:
    ann = region.as_("ann")
    here = (await ann.post("/communities/open/links", json=LINK)).headers["location"]
    reply = await ann.get(f"{here}/content", params={"version": version})
    assert reply.status_code in (404, 422)
    reply = await ann.post(f"{here}/restoration", json={"version": version})
    assert reply.status_code == 422
    assert [error["field"] for error in reply.json()["errors"]] == ["version"]
    assert len(await region.published(ResourceShared)) == 1


@pytest.mark.parametrize("id", ["x", "a%00b", "%2e%2e", "$gt", "{}", "%F0%9F%98%80", "a" * 2000])
async def test_an_odd_id_is_not_found(region: Service, id: str) -> None:
    for path in ("/resources/{}", "/resources/{}/content", "/communities/{}/resources"):
        reply = await region.as_("ann").get(path.format(id))
        assert reply.status_code == 404, reply.text
