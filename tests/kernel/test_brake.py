"""A deployment whose handler fails on everything: some is set aside, the topic stands, and a mended one goes on from there."""

import json

from shared.consuming.brake import MIN_FAILURES
from shared.consuming.consumer import MAX_CONCURRENT_BATCHES
from shared.types.clock import now
from tests.kernel.test_lag import deposit
from tests.kernel.world import PARTITIONS, Record, World, until

ACCOUNTS = 60
FAILS = 666  # until the flag `mended` is there


def failing(world: World, account: str) -> Record:
    _, value, headers = deposit(world)
    body = json.loads(value or b"")
    body["id"] = f"{body['id']}-{account}"
    body["data"] = {"account_id": account, "amount": FAILS}
    return account.encode(), json.dumps(body).encode(), headers


async def test_not_everything_is_parked_and_nothing_is_lost(world: World) -> None:
    world.start()
    await world.ready()
    await world.publish([failing(world, f"a{n}") for n in range(ACCOUNTS)])

    async def stands() -> bool:
        reply = await world.http.get("/readyz")
        waits = [why for why in reply.json()["waits_for"] if "failed unforeseen" in why]
        return reply.status_code == 503 and bool(waits) and "RuntimeError" in waits[0]

    await until(stands, seconds=60)
    parked = await world.db.parked.count_documents({})
    # Partitions are applied side by side: each may set one more aside before it looks.
    assert MIN_FAILURES <= parked <= MIN_FAILURES + max(PARTITIONS, MAX_CONCURRENT_BATCHES)
    assert parked < ACCOUNTS

    await world.db.flags.insert_one({"_id": "mended"})
    await world.drained()

    async def is_ready() -> bool:
        return (await world.http.get("/readyz")).status_code == 200

    await until(is_ready)
    assert await world.db.parked.count_documents({}) == parked, "nothing more was set aside"
    later = {"now": (now().replace(year=now().year + 1)).isoformat()}
    assert (await world.http.post("/_clock", json=later)).status_code == 200

    async def all_applied() -> bool:
        return await world.amounts("ledgers") == {f"a{n}": [FAILS] for n in range(ACCOUNTS)}

    await until(all_applied, seconds=60)
    assert await world.db.parked.count_documents({}) == 0
