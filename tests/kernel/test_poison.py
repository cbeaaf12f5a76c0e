"""One bad event, or one failing key, never holds up its neighbours: T4 and T5."""

import json

import pytest

from tests.kernel.test_once import deposits
from tests.kernel.world import Record, World, until

CE = [("content-type", b"application/cloudevents+json")]


async def test_each_bad_record_is_parked_once_with_its_reason_and_the_good_ones_are_applied(
    world: World,
) -> None:
    good = deposits(world, accounts=4, each=10)
    key, sample, headers = good["a0"][0]
    body = json.loads(sample or b"")

    def changed(**fields: object) -> bytes:
        return json.dumps({**body, **fields}).encode()

    kind = body["type"]
    poison: dict[str, tuple[Record, str]] = {
        "broken JSON": ((key, b'{"type": ', CE), "not a CloudEvent"),
        "broken UTF-8": ((key, b"\xff\xfe{}", CE), "not a CloudEvent"),
        "no JSON object": ((key, b"[1, 2]", CE), "not a CloudEvent"),
        "tombstone": ((b"a0", None, []), "no value"),
        "empty value": ((b"a0", b"", CE), "no value"),
        "unknown major": ((key, changed(type=kind[:-1] + "9"), CE), "version v9"),
        "wrong type of a field": (
            (key, changed(data={"account_id": "a0", "amount": "x"}), CE),
            "data.amount",
        ),
        "a field missing": ((key, changed(data={"amount": 1}), CE), "data.account_id"),
        "no id": ((key, changed(id=""), CE), "id:"),
        "deep nesting": (
            (key, b'{"type":' + b"[" * 50_000 + b"]" * 50_000 + b"}", CE),
            "not a CloudEvent",
        ),
        "a huge value": ((key, b'{"type": "' + b"x" * 1_000_000 + b'"', CE), "not a CloudEvent"),
        "another type in the header": (
            (key, changed(type="copse.other.Thing.v1"), [("ce_type", kind.encode()), *CE]),
            "says",
        ),
        "headers that fill a record": (
            (key, b"{", [*CE, ("big", b"x" * 1_000_000)]),
            "not a Cloud",
        ),
        "headers that are no text": ((key, sample, [("ce_type", b"\xff")]), "not a CloudEvent"),
        "refused by a rule": (
            (b"a9", changed(id="x9", source="q", data={"account_id": "a9", "amount": 13}), CE),
            "Unlucky",
        ),
    }
    skipped: list[Record] = [(None, changed(type="copse.other.Thing.v1", id="o"), CE)]
    keyless: list[Record] = [
        (None, changed(id="k", source="q", data={"account_id": "nokey", "amount": 7}), CE)
    ]
    stream = [records[n] for n in range(10) for records in good.values()]
    for at, (record, _) in enumerate(poison.values()):
        stream.insert(3 * at + 1, record)
    world.start()
    await world.publish(stream + skipped + keyless)
    await world.ready()
    await world.drained()

    expected = {account: [1001 + n for n in range(10)] for account in good} | {
        "nokey": [7],
    }
    assert await world.amounts("ledgers") == expected
    parked = [one async for one in world.db.parked.find()]
    assert {one["state"] for one in parked} == {"dead"}
    reasons = [one["reason"] for one in parked]
    for name, (_, reason) in poison.items():
        assert any(reason in found for found in reasons), name
    assert len(parked) == len(poison)
    letters = await world.records(f"{world.topic}.dead")
    assert len(letters) == len(poison)
    assert all(dict(one.headers)["x-error-reason"] for one in letters)
    assert world.process is not None
    assert world.process.poll() is None


@pytest.mark.timeout(180)
async def test_a_failing_key_waits_in_order_while_the_others_go_on(world: World) -> None:
    good = deposits(world, accounts=200, each=3)
    failing = deposits(world, accounts=1, each=5)["a0"]
    mended = json.loads(failing[1][1] or b"")
    mended["data"]["amount"] = 666
    failing[1] = (b"a0", json.dumps(mended).encode(), failing[1][2])
    del good["a0"]
    world.start()
    await world.publish([*failing, *(record for records in good.values() for record in records)])
    await world.ready()
    await world.drained()
    ledgers = await world.amounts("ledgers")
    assert ledgers.pop("a0") == [1001]
    assert ledgers == {account: [1001, 1002, 1003] for account in good}
    held = [one async for one in world.db.parked.find({"state": "held"}).sort("offset", 1)]
    assert [one["key"] for one in held] == ["a0"] * 4
    assert "a bug that will be mended" in held[0]["reason"]

    await world.db.flags.insert_one({"_id": "mended"})

    async def caught_up() -> bool:
        return (await world.amounts("ledgers"))["a0"] == [1001, 666, 1003, 1004, 1005]

    await until(caught_up, seconds=40)
    assert await world.db.parked.count_documents({}) == 0
