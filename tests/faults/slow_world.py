"""The slow service as a process, what is asked of it, and how it bears it."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from deploy.local.parts import Parts
from shared.events.cloudevents import Origin, write
from shared.events.event import Event
from tests.kernel.world import Record, World, until

ROOT = Path(__file__).parents[2]


class SlowWorld(World):
    """tests.faults.slow_service under a name of its own."""

    module = "tests.faults.slow_service"

    def orders(self, job: str, seconds: Iterable[float], ballast: int = 0) -> list[Record]:
        """Work to be done one after the other, which takes so long each."""

        class JobEvent(Event, topic=self.topic, key="job_id"):
            job_id: str

        class Ordered(JobEvent):
            number: int
            seconds: float
            ballast: str

        return [
            _record(Ordered(job_id=job, number=n, seconds=takes, ballast="x" * ballast), n)
            for n, takes in enumerate(seconds, 1)
        ]

    def numbers(self, jobs: int, each: int) -> list[Record]:
        """Numbers to be copied, of many jobs in turn."""

        class JobEvent(Event, topic=self.topic, key="job_id"):
            job_id: str

        class Counted(JobEvent):
            number: int

        return [
            _record(Counted(job_id=f"j{job}", number=n), n)
            for n in range(1, each + 1)
            for job in range(jobs)
        ]

    async def done(self) -> dict[str, list[int]]:
        return {one["_id"]: one["numbers"] async for one in self.db.done.find()}

    async def metric(self, name: str) -> float:
        """A figure from /metrics; names with labels as Prometheus writes them."""
        text = (await self.http.get("/metrics")).text
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    async def is_up(self) -> None:
        async def answers() -> bool:
            try:
                return (await self.http.get("/livez")).status_code == 200
            except httpx2.TransportError:
                return False

        await until(answers, seconds=60)

    @property
    def memory(self) -> int:
        """Resident bytes of the process."""
        assert self.process
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024  # type: ignore[index]


def _record(event: Any, sequence: int) -> Record:
    document = write(event, sequence, Origin("/elsewhere"))
    return event.key.encode(), document["value"], document["headers"]


@asynccontextmanager
async def a_slow_world(parts: Parts, folder: Path) -> AsyncIterator[SlowWorld]:
    world = await SlowWorld(parts, folder).prepare()
    try:
        yield world
    finally:
        await world.close()
