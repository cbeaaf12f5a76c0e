"""O13: a region of 300 communities and 20,000 people hears, at once, that nobody meets today.

A meeting is one community's, so a regional cancellation is 300 events. What came before it is brought about by the
service itself, which starts over a history of 100,000 events, most of a month ago: told to nobody, as old news is.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiosmtplib
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.write_concern import WriteConcern

from deploy.local import ports, services
from deploy.local.processes import Process
from deploy.local.system import run
from tests.bench import history
from tests.bench.rows import ROUNDS, Row, compared, limited, progress
from tests.bench.world import Bench, Stopwatch

CONNECTIONS = 4
MAILS = 2_000
Mongo = AsyncIOMotorClient[dict[str, Any]]


async def rows(bench: Bench) -> list[Row]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        await asyncio.to_thread(run, "deploy.topics", "apply", COPSE_KAFKA=bench.parts.kafka)
        found = [*await _starting(bench, folder)]
        progress.print(f"a history of {history.EVENTS:,} events")
        for topic, documents in history.told_long_ago():
            await bench.fill(topic, documents)
        async with a_sink(folder) as sink:
            smtp = {"COPSE_SMTP_PORT": str(sink.port)}
            async with _a_service(bench, folder, "notifications", smtp) as (process, seconds):
                found.append(limited("a new service over 100,000 past events", seconds))
                found += await _cancellation(bench, process, sink)
        return found


async def _starting(bench: Bench, folder: Path) -> list[Row]:
    async with _a_service(bench, folder, "membership", {}) as (process, seconds):
        return [limited("start-up", seconds), limited("memory of a service", resident(process))]


async def _cancellation(bench: Bench, process: Process, sink: "Sink") -> list[Row]:
    client = Mongo(bench.parts.mongo)
    kept = client["notifications"]
    progress.print("what was told long ago settles")
    await _until(lambda: _nothing_open(kept))
    before = resident(process)
    progress.print("a regional cancellation")
    with Stopwatch() as watch:
        await bench.fill("scheduling.meetings", history.cancellations())
        await _until(lambda: _told(kept, history.PEOPLE), every=0.1)
    # Ours first: a service that was paused comes back to a group that has given it up.
    ours = [await sink.rate() for _ in range(ROUNDS)]
    by_hand = [await _by_hand(sink, process, client) for _ in range(ROUNDS)]
    raw = [await _raw(sink, process) for _ in range(ROUNDS)]
    grown = resident(process) - before
    notices = {"calendar": "cancellation"}
    count = await kept["notifications"].count_documents(notices)
    people: list[str] = await kept["notifications"].distinct("person_id", notices)
    assert len(people) == history.PEOPLE, len(people)
    client.close()
    mails = [mail for mail in sink.mails() if not mail.startswith("<raw")]
    twice = count - len(people) + len(mails) - len(set(mails))
    return [
        limited("a regional cancellation, queued", watch.seconds),
        limited("a regional cancellation, told twice", twice),
        limited("a regional cancellation, memory grown", grown),
        compared("mails out", [*zip(ours, by_hand, strict=True)]),
        compared("mails out, beside nothing kept", [*zip(ours, raw, strict=True)]),
    ]


async def _nothing_open(kept: Any) -> bool:
    return (
        await kept["notices"].count_documents({"calendar": "invitation"}) == history.COMMUNITIES
        and await kept["notices"].find_one({"state": "open"}) is None
        and await kept["joins"].find_one() is None
    )


async def _told(kept: Any, people: int) -> bool:
    done = {"calendar": "cancellation", "state": "done"}
    told = kept["notices"].aggregate(
        [{"$match": done}, {"$group": {"_id": 1, "n": {"$sum": "$told"}}}]
    )
    return any([one["n"] >= people async for one in told])


async def _raw(sink: "Sink", process: Process) -> float:
    """Mails a second of plain code: made beforehand, sent over open connections, nothing kept."""
    left = iter(_ready_made(sink))

    async def send(client: aiosmtplib.SMTP) -> None:
        for mail in left:
            await client.sendmail("copse@example.org", ["ann@example.org"], mail)

    return await _over_connections(sink, process, send)


async def _by_hand(sink: "Sink", process: Process, mongo: Mongo) -> float:
    """Mails a second of plain code that can tell, after a crash, which mails may have left."""
    mails = _ready_made(sink)
    safe = WriteConcern("majority")
    queue = mongo["bench"].get_collection("mails", write_concern=safe)
    await queue.drop()
    await queue.create_index([("state", 1), ("at", 1)])
    await queue.insert_many([{"_id": n, "state": "queued", "at": n} for n in range(MAILS)])

    async def send(client: aiosmtplib.SMTP) -> None:
        while one := await queue.find_one_and_update(
            {"state": "queued"}, {"$set": {"state": "sending"}}, sort=[("at", 1)]
        ):
            mail = mails[one["_id"]]
            answer = await client.sendmail("copse@example.org", ["ann@example.org"], mail)
            sent = {"state": "sent", "answer": answer[1]}
            await queue.update_one({"_id": one["_id"]}, {"$set": sent})

    return await _over_connections(sink, process, send)


def _ready_made(sink: "Sink") -> list[bytes]:
    return [b"Message-ID: <raw-%d>\r\nX-" % n + sink.sample for n in range(MAILS)]


async def _over_connections(
    sink: "Sink", process: Process, send: Callable[[aiosmtplib.SMTP], Awaitable[None]]
) -> float:
    """Mails a second of as many connections as the service has."""

    async def connected() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=sink.port, start_tls=False) as client:
            await send(client)

    process.pause()  # the machine is to be the loop's alone
    with Stopwatch() as watch:
        await asyncio.gather(*[connected() for _ in range(CONNECTIONS)])
    process.resume()
    return MAILS / watch.seconds


class Sink:
    """A mail server as a process of its own, and what it took."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.port = int(file.read_text())

    @property
    def sample(self) -> bytes:
        """One of the mails that came."""
        return self._file.with_suffix(".eml").read_bytes()

    def mails(self) -> list[str]:
        return self._file.with_suffix(".mails").read_text().splitlines()

    async def rate(self, seconds: float = 5) -> float:
        """Mails a second that arrive meanwhile."""
        with Stopwatch() as watch:
            before = len(self.mails())
            await asyncio.sleep(seconds)
            arrived = len(self.mails()) - before
        return arrived / watch.seconds


@asynccontextmanager
async def a_sink(folder: Path) -> AsyncIterator[Sink]:
    file = folder / "sink"
    command = [sys.executable, "-m", "tests.bench.sink", str(file)]
    process = Process(
        "sink", folder, command, ready=lambda: file.exists() and file.read_text() != ""
    )
    await asyncio.to_thread(process.start)
    file.with_suffix(".mails").touch()
    try:
        yield Sink(file)
    finally:
        process.stop()


@asynccontextmanager
async def _a_service(
    bench: Bench, folder: Path, name: str, more: dict[str, str]
) -> AsyncIterator[tuple[Process, float]]:
    """A service as it runs, and the seconds from its start until it said that it is ready."""
    process = services.service(name, folder, ports.free()["smtp"], bench.parts, more, limit=600)
    progress.print(f"{name} starts")
    began = time.perf_counter()
    await asyncio.to_thread(process.start)
    try:
        yield process, time.perf_counter() - began
    finally:
        await asyncio.to_thread(process.stop)


def resident(process: Process) -> float:
    """Megabytes of a process."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


async def _until(true: Callable[[], Awaitable[bool]], every: float = 0.5) -> None:
    async with asyncio.timeout(600):
        while not await true():
            await asyncio.sleep(every)
