"""python -m tests.faults.apart: what the long run tries apart from the campaign, each on parts of its own.

T10 with a handler of 40 s, T11 with 200,000 events, T15 with 100,000, T19 with 200 histories, mail at every point.
Figures on stdout, progress on stderr; AssertionError, and exit code 1, at the first thing that is wrong.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local.parts import Parts
from deploy.local.throwaway import throwaway
from tests.faults.backlog import a_backlog_is_worked_off
from tests.faults.mail_world import a_mail_world
from tests.faults.newcomer import a_service_is_added
from tests.faults.slow_world import a_slow_world
from tests.faults.test_history import run_histories
from tests.faults.test_mail import CAUGHT, a_kill_at_each_point, a_sender_sleeps
from tests.faults.test_slow import slow_events
from tests.support.parts import start_parts

Tell = Callable[[str], None]
STALL_P99 = 0.25  # seconds, T11


async def long(tell: Tell) -> dict[str, str]:
    """Everything, on parts of its own; about ten minutes. What was measured, by name."""
    rows: dict[str, str] = {}
    with throwaway() as folder, await asyncio.to_thread(start_parts, folder) as parts:
        rows |= await _mail(parts, tell)
    with throwaway() as folder, await asyncio.to_thread(start_parts, folder) as parts:
        rows |= await _queues(parts, folder, tell)
        tell("T19: random histories")
        await asyncio.to_thread(
            run_histories, parts.mongo, count=200, length=50, always_the_same=False
        )
        rows["T19 histories, of 50 steps each"] = "200, as the model says"
    return rows


async def _mail(parts: Parts, tell: Tell) -> dict[str, str]:
    async with a_mail_world(parts) as world:
        tell("mail: kill -9 at each point of a send")
        await a_kill_at_each_point(world)
        await world.end()
        for point in CAUGHT:
            tell(f"mail: stopped at {point} for longer than the lease")
            await a_sender_sleeps(world, point)
            await world.end()
        unknown = len(await world.in_state("delivery-unknown"))
        most = max(world.arrived().values())
        told = f"{len(world.post.mails)} mails of {world.wished}, at most {most} each, {unknown} unknown"
    return {"mail: killed and stopped at each point": told}


async def _queues(parts: Parts, folder: Path, tell: Tell) -> dict[str, str]:
    rows: dict[str, str] = {}
    tell("T10: slow handlers")
    async with a_slow_world(parts, folder) as world:
        slow = await slow_events(world, seconds=[2.0] * 30, crowd=10_000, too_slow=40.0)
    rows["T10 memory more than before"] = f"{slow['memory peak MB']:.0f} MB"
    tell("T11: a backlog for the processor")
    async with a_slow_world(parts, folder) as world:
        breath = await a_backlog_is_worked_off(world, events=200_000)
    rows["T11 backlog"] = f"{breath.events / breath.seconds:,.0f} events/s"
    rows["T11 loop stall p99"] = (
        f"{breath.stall_p99 * 1000:.0f} ms ({breath.stall_p99_cpu * 1000:.0f} ms of its own)"
    )
    assert breath.stall_p99_cpu < STALL_P99, breath
    tell("T15: services added to a long past")
    for name in ("resources", "scheduling"):
        arrival = await a_service_is_added(parts, folder, name=name, events=100_000)
        rows[f"T15 {name} ready"] = (
            f"{arrival.ready_seconds:.1f} s after {arrival.behind_at_start:,} events, "
            f"{arrival.live_events:,} more meanwhile"
        )
    return rows


if __name__ == "__main__":
    began = time.monotonic()

    def progress(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {text}\n")

    for measure, value in asyncio.run(long(progress)).items():
        sys.stdout.write(f"{measure:40} {value}\n")
