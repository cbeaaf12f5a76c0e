"""A route's body is one transaction, and says clearly what is wrong with a request."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from shared.http.keys import OPERATOR
from shared.http.paging import cursor
from tests.kernel.sample import Deposited, Ledger
from tests.support.service import AUDIENCE, ISSUER, KEY, Service, token

PATH = "/accounts/ann/deposits"


async def test_a_command_and_its_event_stand_or_fall_together(service: Service) -> None:
    reply = await service.client().post(PATH, json={"amount": 5})
    assert reply.status_code == 201
    assert reply.headers["etag"] == '"v1"'
    assert await service.published() == [Deposited(account_id="ann", amount=5)]

    refused = await service.client().post(PATH, json={"amount": -5})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["errors"] == [
        {"field": "amount", "message": "Input should be greater than 0"}
    ]
    assert len(await service.published()) == 1


async def test_parallel_commands_on_one_aggregate_all_count_and_are_numbered_in_order(
    service: Service,
) -> None:
    client = service.client()
    replies = await asyncio.gather(*[client.post(PATH, json={"amount": n + 1}) for n in range(40)])
    assert {reply.status_code for reply in replies} == {201}
    rows = await service.database["outbox"].find().sort("seq", 1).to_list(None)
    assert [row["seq"] for row in rows] == list(range(1, 41))
    kept = await service.database["accounts"].find_one({"_id": "ann"})
    assert kept["amounts"] == [json.loads(row["value"])["data"]["amount"] for row in rows]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b'{"amount": ', 400, "not JSON"),
        (b'{"amount": "many"}', 422, "amount"),
        (b"{}", 422, "amount"),
        (b"[]", 422, "body"),
        (b'{"amount": ' + b" " * 1_000_001 + b"5}", 413, "1,000,000 bytes"),
        (b'{"amount": ' + b" " * 10_000_000 + b"5}", 413, "1,000,000 bytes"),
    ],
)
async def test_a_body_that_cannot_be_taken_is_named_and_leaves_nothing(
    service: Service, body: bytes, status: int, says: str
) -> None:
    headers = {"content-type": "application/json"}
    reply = await service.client().post(PATH, content=body, headers=headers)
    assert reply.status_code == status
    assert says in reply.text
    assert reply.json()["type"].startswith("urn:copse:problem:")
    assert await service.published() == []
    assert await service.database["accounts"].count_documents({}) == 0


async def test_a_forgotten_content_type_and_a_naive_time_are_told_how_to_mend(
    service: Service,
) -> None:
    plain = await service.client().post(PATH, content=b'{"amount": 5}')
    assert plain.status_code == 422
    assert "Content-Type: application/json" in plain.json()["detail"]
    service.configure(test_clock=True)
    naive = await service.client().post("/_clock", json={"now": "2027-03-28T00:30:00"})
    assert "2027-01-20T14:00:00Z" in naive.json()["detail"]
    lost = await service.client().get("/nowhere")
    assert "/docs" in lost.json()["detail"]
    home = await service.client().get("/")
    assert (home.status_code, home.headers["location"]) == (307, "/docs")


async def test_an_etag_that_is_out_of_date_stops_a_change(service: Service) -> None:
    client = service.client()
    first = await client.post(PATH, json={"amount": 1})
    await client.post(PATH, json={"amount": 2})
    late = await client.post(PATH, json={"amount": 3}, headers={"if-match": first.headers["etag"]})
    assert late.status_code == 412
    fresh = await client.post(PATH, json={"amount": 3}, headers={"if-match": '"v2"'})
    assert fresh.status_code == 201


def foreign_tokens() -> dict[str, str]:
    stranger = ec.generate_private_key(ec.SECP256R1())
    past = datetime.now(UTC) - timedelta(hours=2)
    claims: dict[str, Any] = {"sub": "ann", "iss": ISSUER, "aud": AUDIENCE, "exp": 9_999_999_999}
    return {
        "expired": token("ann", exp=past),
        "of another issuer": token("ann", iss="https://elsewhere.test"),
        "for another audience": token("ann", aud="other"),
        "signed by a stranger": token("ann", key=stranger),
        "without a subject": token("", sub=""),
        "without an expiry": jwt.encode(
            {k: v for k, v in claims.items() if k != "exp"}, KEY, "ES256", headers={"kid": "test"}
        ),
        "alg none": jwt.encode(claims, None, "none"),
        "alg HS256": jwt.encode(claims, "x" * 32, "HS256", headers={"kid": "test"}),
        "no token at all": "nonsense",
    }


@pytest.mark.parametrize("name", list(foreign_tokens()))
async def test_a_token_that_does_not_hold_is_refused(service: Service, name: str) -> None:
    client = service.client(f"Bearer {foreign_tokens()[name]}")
    reply = await client.get("/dead-letters")
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert reply.json()["type"] == "urn:copse:problem:unauthenticated"


async def test_only_operators_see_dead_letters(service: Service) -> None:
    assert (await service.client().get("/dead-letters")).status_code == 401
    assert (await service.as_("ann").get("/dead-letters")).status_code == 403
    assert (await service.as_("op", scopes=(OPERATOR,)).get("/dead-letters")).status_code == 200


async def test_a_dead_event_is_replayed_once_mended(service: Service) -> None:
    operator = service.as_("op", scopes=(OPERATOR,))
    topic = Deposited.topic
    broken = b'{"specversion": "1.0", "type": "copse.sample.Deposited.v1", "id": "1"}'
    await service.arrives(topic, b"ann", broken, [])
    [letter] = (await operator.get("/dead-letters")).json()["items"]
    assert "source" in letter["reason"]

    where = {"fingerprint": letter["fingerprint"]}
    dry = await operator.post("/dead-letters/replay", json=where)
    assert dry.json() == {"events": 1, "dry_run": True}
    assert (await operator.get("/dead-letters")).json()["items"] != []

    mended = {
        **json.loads(broken),
        "source": "/mended",
        "data": {"account_id": "ann", "amount": 4},
    }
    parked = service.database["parked"]
    await parked.update_one({}, {"$set": {"value": json.dumps(mended).encode()}})
    await operator.post("/dead-letters/replay", json={**where, "dry_run": False})
    await service.retry(topic)
    ledger = await service.database.reading().load("ledgers", Ledger, "ann")
    assert ledger.amounts == (4,)
    assert await parked.count_documents({}) == 0
    everything = await operator.post("/dead-letters/replay", json={"dry_run": False})
    assert everything.status_code == 422


async def test_the_clock_can_be_moved_only_where_tests_are_meant(service: Service) -> None:
    moment = {"now": "2027-03-28T00:30:00Z"}
    assert (await service.client().post("/_clock", json={})).status_code == 404
    assert (await service.client().post("/_clock", json=moment)).status_code == 404
    service.configure(test_clock=True)
    reply = await service.client().post("/_clock", json=moment)
    assert reply.status_code == 200
    assert reply.json()["now"].startswith("2027-03-28T00:30")
    naive = await service.client().post("/_clock", json={"now": "2027-03-28T00:30:00"})
    assert naive.status_code == 422


async def test_a_cursor_of_another_list_or_none_at_all_is_refused(service: Service) -> None:
    operator = service.as_("op", scopes=(OPERATOR,))
    own = "/dead-letters"
    wrong = (cursor(own, 1), cursor(own, "a", "b"), cursor(own))
    for bad in ("nonsense", "%00", cursor("/elsewhere", 1), "W10", *wrong):
        reply = await operator.get("/dead-letters", params={"cursor": bad})
        assert reply.status_code == 400, bad
        assert "cursor" in reply.json()["detail"]


@pytest.mark.parametrize("limit", ["²", "0", "201", "-1", "9" * 5000, ""])
async def test_a_limit_that_is_none_is_refused(service: Service, limit: str) -> None:
    operator = service.as_("op", scopes=(OPERATOR,))
    reply = await operator.get("/dead-letters", params={"limit": limit})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == "limit"


async def test_an_if_match_of_nobodys_making_is_refused(service: Service) -> None:
    tag = '"v²"'.encode("latin-1")
    reply = await service.client().post(PATH, json={"amount": 3}, headers=[(b"if-match", tag)])
    assert reply.status_code == 412


async def test_what_nobody_foresaw_is_answered_with_its_trace(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(service.database, "command", broken)
    reply = await service.client().post(PATH, json={"amount": 5})
    assert reply.status_code == 500
    assert reply.json()["type"] == "urn:copse:problem:unforeseen"
    assert len(reply.headers["x-trace-id"]) == 32
    assert "ZeroDivisionError" not in reply.text


async def test_commands_are_turned_away_when_too_much_waits_for_kafka(service: Service) -> None:
    service.database.outbox_full = True
    reply = await service.client().post(PATH, json={"amount": 5})
    assert reply.status_code == 503
    assert reply.headers["retry-after"]
    assert await service.published() == []


async def test_the_trace_of_a_request_goes_with_its_event(service: Service) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await service.client().post(PATH, json={"amount": 5}, headers={"traceparent": parent})
    row = await service.database["outbox"].find_one({})
    assert parent.split("-")[1] in json.loads(row["value"])["traceparent"]
    assert parent.split("-")[1] in dict(row["headers"])["traceparent"].decode()
