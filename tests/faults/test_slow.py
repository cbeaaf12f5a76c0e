"""A handler that takes its time holds up its own key alone, and never the group: T10."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.parts import Parts
from tests.faults.slow_world import SlowWorld, a_slow_world
from tests.kernel.world import until

MEGABYTE = 1_000_000


@pytest.fixture
async def world(parts: Parts, tmp_path: Path) -> AsyncIterator[SlowWorld]:
    async with a_slow_world(parts, tmp_path) as one:
        yield one


@pytest.mark.timeout(600)
async def test_slow_events_are_done_in_order_and_nothing_else_waits_or_swells(
    world: SlowWorld,
) -> None:
    """Together the slow ones take far longer than a transaction may; behind them stands a crowd.

    mongod ends what takes more than 5 s when it looks, every 2.5 s: 9 s is surely too slow.
    """
    await slow_events(world, seconds=[2.0] * 4, crowd=3_000, too_slow=9.0)


async def slow_events(
    world: SlowWorld, *, seconds: list[float], crowd: int, too_slow: float
) -> dict[str, float]:
    """Events of two seconds, one that takes longer than a transaction may, and a crowd behind each."""
    world.start()
    await world.ready()
    before = world.memory
    await world.publish(world.orders("slow", seconds))
    await world.publish(world.orders("endless", [too_slow, 0, 0]))
    await world.publish(world.orders("crowd", [0] * crowd, ballast=10_000))

    peak = 0

    async def finished() -> bool:
        nonlocal peak
        peak = max(peak, world.memory)
        assert (await world.http.get("/livez")).status_code == 200
        done = await world.done()
        return (
            done.get("slow") == [*range(1, len(seconds) + 1)]
            and len(done.get("crowd", ())) == crowd
            and await world.lag() == 0
        )

    await until(finished, seconds=sum(seconds) * 3 + too_slow * 6 + 120, every=0.5)
    assert (await world.done())["crowd"] == [*range(1, crowd + 1)]
    held = [one async for one in world.db.parked.find().sort("offset", 1)]
    assert [one["state"] for one in held] == ["held"] * 3  # its key waits, and is shown
    assert "longer than" in held[0]["reason"]
    assert await world.metric("copse_test_assignments") == 1
    assert peak - before < 100 * MEGABYTE

    await world.publish(world.orders("last", [3.0]))
    await asyncio.sleep(1)
    world.terminate()
    assert world.process
    assert await asyncio.to_thread(world.process.wait, 40) == 0
    return {"memory peak MB": (peak - before) / MEGABYTE, "held": len(held)}
