"""A backlog of work for the processor alone: the loop must go on breathing. T11."""

import time
from dataclasses import dataclass

from tests.faults.slow_world import SlowWorld
from tests.kernel.world import until

JOBS = 500


@dataclass(frozen=True)
class Breath:
    """How a service bore a backlog. Stalls in seconds; `cpu` counts this process's own work alone."""

    events: int
    seconds: float
    stall_p99: float
    stall_p99_cpu: float
    stall_max_cpu: float
    slowest_answer: float


async def a_backlog_is_worked_off(world: SlowWorld, *, events: int) -> Breath:
    """Publish, start, and ask the service all the while how it is. AssertionError if it loses its place."""
    await world.publish(world.numbers(JOBS, events // JOBS))
    world.start(COPSE_LOG_LEVEL="WARNING")
    await world.is_up()
    began = time.monotonic()
    slowest = 0.0

    async def done() -> bool:
        nonlocal slowest
        asked = time.monotonic()
        assert (await world.http.get("/livez")).status_code == 200
        slowest = max(slowest, time.monotonic() - asked)
        newest = await world.db.counts.count_documents({"number": events // JOBS})
        return newest == JOBS

    await until(done, seconds=60 + events / 500, every=0.1)
    took = time.monotonic() - began
    await world.drained()
    assert await world.metric("copse_test_assignments") == 1  # heartbeats went on
    gauge = 'copse_test_stall_{}_seconds{{of="{}"}}'
    return Breath(
        events=events,
        seconds=took,
        stall_p99=await world.metric(gauge.format("p99", "wall")),
        stall_p99_cpu=await world.metric(gauge.format("p99", "cpu")),
        stall_max_cpu=await world.metric(gauge.format("max", "cpu")),
        slowest_answer=slowest,
    )
