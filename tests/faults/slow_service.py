"""A service whose work takes as long as an event says, and which reports how well its loop breathes."""

import asyncio
import os
import statistics
import time
from collections import deque
from typing import Any

from prometheus_client import Gauge
from pydantic import BaseModel

from shared.consuming.consumer import Consumer
from shared.consuming.handlers import Handlers
from shared.events.event import Event
from shared.http.router import Router
from shared.runtime.serve import run
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.storage.database import Database
from shared.storage.projection import Write
from shared.storage.unit_of_work import Transaction

NAME = os.environ.get("SAMPLE_NAME", "slow")  # each test runs it under a name of its own
TICK_SECONDS = 0.01


class JobEvent(Event, topic=f"{NAME}.accounts", key="job_id"):
    job_id: str


class Ordered(JobEvent):
    """Somebody wants work to be done that takes a while."""

    number: int
    seconds: float = 0
    ballast: str = ""


class Counted(JobEvent):
    """A number to keep a copy of."""

    number: int


class Done(BaseModel, frozen=True):
    """The numbers of a job, in the order in which they were done."""

    job_id: str
    numbers: tuple[int, ...] = ()


on = Handlers(NAME)

ASSIGNED = Gauge("copse_test_assignments", "How often the group gave this member partitions")
STALL_P99 = Gauge("copse_test_stall_p99_seconds", "Delay of a task that is due, p99", ["of"])
STALL_MAX = Gauge("copse_test_stall_max_seconds", "Delay of a task that is due, longest", ["of"])

_delays: dict[str, deque[float]] = {"wall": deque(maxlen=50_000), "cpu": deque(maxlen=50_000)}


@on.projection(Counted)
def count(event: Counted) -> Write:
    return Write("counts", event.job_id, {"number": event.number})


@on(Ordered)
async def work(event: Ordered, tx: Transaction) -> None:
    """Waits within its transaction, as a handler does that asks a slow system."""
    if event.seconds:
        await asyncio.sleep(event.seconds)
    if await tx.get("done", event.job_id) is None:
        tx.add("done", event.job_id, Done(job_id=event.job_id, numbers=(event.number,)))
        return
    await tx.change("done", Done, event.job_id, lambda done: _with(done, event.number))


def _with(done: Done, number: int) -> Done:
    return done.model_copy(update={"numbers": (*done.numbers, number)})


@on.every(seconds=1)
async def breathe(_: Database) -> None:
    """For ever: how much later than due a task is woken, by the clock, and by this process's own work.

    By the clock it includes what other programs do to the machine; the processor's time does not.
    """
    if not _counting.is_set():
        _counting.set()
        asyncio.get_running_loop().create_task(_tick(), name="ticking")
    for of, delays in _delays.items():
        if len(delays) > 1:
            STALL_P99.labels(of).set(statistics.quantiles(delays, n=100)[98])
            STALL_MAX.labels(of).set(max(delays))


async def _tick() -> None:
    while True:
        due, worked = time.monotonic() + TICK_SECONDS, time.thread_time()
        await asyncio.sleep(TICK_SECONDS)
        _delays["wall"].append(max(0.0, time.monotonic() - due))
        _delays["cpu"].append(time.thread_time() - worked)


_counting = asyncio.Event()


def _count_assignments() -> None:
    usual: Any = Consumer.on_partitions_assigned

    async def counted(self: Consumer, assigned: Any) -> None:
        ASSIGNED.inc()
        await usual(self, assigned)

    Consumer.on_partitions_assigned = counted


_count_assignments()
service = Service(NAME, Router(), on, settings=Settings, indexes={"counts": [], "done": []})

if __name__ == "__main__":
    run(service)
