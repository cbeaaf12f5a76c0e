"""A clear 4xx that names the field and the mend; nothing stored, nothing published."""

import base64
import json
from typing import Any

from tests.support.service import Service

LINK = {"url": "https://example.org/guide", "title": "Guide"}
WRONG: list[tuple[dict[str, Any], str]] = [
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
]


async def test_a_wrong_value_is_named(region: Service) -> None:
    for wrong, field in WRONG:
        reply = await region.as_("ann").post("/communities/open/links", json=LINK | wrong)
        assert reply.status_code == 422, reply.text
        assert reply.headers["content-type"] == "application/problem+json"
        assert [error["field"] for error in reply.json()["errors"]] == [field]
        assert "secret" not in reply.text
    assert await nothing_happened(region)


async def test_a_missing_value_is_named(region: Service) -> None:
    for missing in LINK:
        body = {name: value for name, value in LINK.items() if name != missing}
        reply = await region.as_("ann").post("/communities/open/links", json=body)
        assert reply.status_code == 422
        assert [error["field"] for error in reply.json()["errors"]] == [missing]


async def test_a_body_that_cannot_be_read_is_refused(region: Service) -> None:
    headers = {"content-type": "application/json"}
    surrogate = b'{"title": "\\ud800", "url": "https://example.org"}'
    for body in (b"{", b"\xff\xfe", b"", b"[]", b"null", surrogate):
        reply = await region.as_("ann").post(
            "/communities/open/links", content=body, headers=headers
        )
        assert reply.status_code in (400, 422), reply.text
        assert reply.headers["content-type"] == "application/problem+json"
    assert await nothing_happened(region)


async def nothing_happened(service: Service) -> bool:
    kept = await service.database["resources"].count_documents({})
    return kept == 0 and await service.published() == []


LISTS = ("/communities/open/resources", "/communities/open/bin", "/search")


def a_cursor(*position: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


async def test_a_forged_cursor_is_refused(region: Service) -> None:
    fay, other = region.as_("fay"), a_cursor("/elsewhere", "x")
    positions = [(), (1,), ({"$gt": ""},), (None,), ("a", 1), (1.5, {"$gt": ""}), ([],), ("n", "x")]
    for path in LISTS:
        for cursor in (other, "xyz", "\xff", *(a_cursor(path, *one) for one in positions)):
            reply = await fay.get(path, params={"q": "guide", "cursor": cursor})
            assert reply.status_code == 400, (path, cursor, reply.text)
            assert reply.json()["type"] == "urn:copse:problem:malformed"


async def test_a_limit_is_a_number_within_bounds(region: Service) -> None:
    for path in LISTS:
        for limit in ("0", "-1", "x", "1000", ""):
            reply = await region.as_("fay").get(path, params={"q": "guide", "limit": limit})
            assert reply.status_code == 422
            assert [error["field"] for error in reply.json()["errors"]] == ["limit"]


async def test_a_version_is_a_number_that_there_is(region: Service) -> None:
    ann = region.as_("ann")
    here = (await ann.post("/communities/open/links", json=LINK)).headers["location"]
    for version in ("0", "-1", "x", "1.5", "9" * 30):
        reply = await ann.get(f"{here}/content", params={"version": version})
        assert reply.status_code in (404, 422)
        reply = await ann.post(f"{here}/restoration", json={"version": version})
        assert reply.status_code == 422
        assert [error["field"] for error in reply.json()["errors"]] == ["version"]
    assert len(await region.published()) == 1


async def test_an_odd_id_is_not_found(region: Service) -> None:
    for id in ("x", "a%00b", "%2e%2e", "$gt", "{}", "%F0%9F%98%80", "a" * 2000):
        for path in ("/resources/{}", "/resources/{}/content", "/communities/{}/resources"):
            reply = await region.as_("ann").get(path.format(id))
            assert reply.status_code == 404, reply.text
