"""M2: community types are data, seeded from files, defined live."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.contracts.membership import CommunityTypeDefined
from tests.support.service import Service

FILES = sorted((Path(__file__).parents[3] / "deploy/region/types").glob("*.yaml"))


def test_the_region_brings_four_types() -> None:
    assert [file.stem for file in FILES] == [
        "arc-champions",
        "group-leads",
        "leaders",
        "one-to-one-practitioners",
    ]


@pytest.mark.parametrize(
    ("name", "told"), [(file.stem, yaml.safe_load(file.read_text())) for file in FILES]
)
async def test_a_seeded_type_is_taken_whole_and_told_whole(
    region: Any, service: Service, name: str, told: dict[str, Any]
) -> None:
    reply = await region.operator.put(f"/community-types/{name}", json=told)
    assert reply.status_code == 201
    assert reply.headers["location"] == f"/community-types/{name}"
    kept = (await region.ann.get(f"/community-types/{name}")).json()
    rhythm = {"interval": 1, **told["rhythm"], "local_time": told["rhythm"]["local_time"] + ":00"}
    words = {field: text.strip() for field, text in told.items() if isinstance(text, str)}
    assert kept == {**told, **words, "type_id": name, "rhythm": rhythm}
    (event,) = await service.published()
    assert event.model_dump(mode="json") == kept


async def test_a_type_defined_live_takes_communities_at_once(region: Any, service: Service) -> None:
    assert (await region.define("night-shift")).status_code == 201
    path = await region.community(community_type="night-shift", name="Night shift Leeds")
    assert (await region.ann.get(path)).json()["community_type"] == "night-shift"
    types = [one.type_id for one in await service.published(CommunityTypeDefined)]
    assert types == ["night-shift", "group-leads"]


async def test_a_type_is_redefined_and_the_same_words_again_say_nothing(
    region: Any, service: Service
) -> None:
    await region.define("night-shift")
    assert (await region.define("night-shift")).status_code == 200
    assert (await region.define("night-shift", purpose="Rest")).json()["purpose"] == "Rest"
    told = await service.published(CommunityTypeDefined)
    assert [one.purpose for one in told] == ["Learn", "Rest"]


async def test_types_are_listed_page_by_page(region: Any) -> None:
    for name in ("cedar", "alder", "beech"):
        await region.define(name)
    first = (await region.ann.get("/community-types?limit=2")).json()
    assert [one["type_id"] for one in first["items"]] == ["alder", "beech"]
    rest = (await region.ann.get(f"/community-types?limit=2&cursor={first['next']}")).json()
    assert ([one["type_id"] for one in rest["items"]], rest["next"]) == (["cedar"], None)
    assert (await region.ann.get("/community-types/oak")).status_code == 404


async def test_only_operators_define_types(region: Any) -> None:
    before = await region.untouched()
    body = {"name": "Leads", "purpose": "Learn", "charter": "Kind", "agreement": "Agree"}
    assert (await region.ann.put("/community-types/leads", json=body)).status_code == 403
    anonymous = region.service.client()
    for method, path in (("PUT", "/community-types/leads"), ("GET", "/community-types")):
        assert (await anonymous.request(method, path, json=body)).status_code == 401
    assert await before.still()


RHYTHM = {"frequency": "monthly", "weekday": "TU", "nth": 2, "local_time": "14:00"}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "name"),
    ({"name": "Leads\r\nBcc: all@example.org"}, "name"),
    ({"charter": 5}, "charter"),
    ({"agreement": ""}, "agreement"),
    ({"join_questions": [1]}, "join_questions.0"),
    ({"join_questions": ["Why?"] * 21}, "join_questions"),
    ({"privacy": "secret"}, "privacy"),
    ({"privacy": "confidential", "join_policy": "open"}, "join_policy"),
    ({"privacy": "private"}, "join_policy"),
    ({"rhythm": RHYTHM | {"zone": "Europe/Leeds"}}, "rhythm.zone"),
    ({"rhythm": RHYTHM | {"interval": 0}}, "rhythm.interval"),
    ({"rhythm": RHYTHM | {"nth": 6}}, "rhythm.nth"),
    ({"rhythm": RHYTHM | {"nth": 0}}, "rhythm.nth"),
    ({"rhythm": RHYTHM | {"local_time": "14:00Z"}}, "rhythm.local_time"),
    ({"rhythm": "monthly"}, "rhythm"),
    ({"type_id": "other"}, "type_id"),
]


async def test_a_wrong_definition_is_refused_by_its_field(region: Any) -> None:
    before = await region.untouched()
    for wrong, field in WRONG:
        reply = await region.define("night-shift", **wrong)
        assert reply.status_code == 422, wrong
        assert reply.headers["content-type"] == "application/problem+json"
        assert [one["field"] for one in reply.json()["errors"]] == [field], wrong
    assert await before.still()


async def test_a_type_has_a_plain_id(region: Any) -> None:
    for type_id in ("Leads", "group leads", "-leads", "x" * 61, "läds"):
        reply = await region.define(type_id)
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "type_id"), type_id
