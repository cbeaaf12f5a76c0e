"""A community and a meeting that everybody wants at once, beside as many that one person each wants: the whole system."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import httpx2
import yaml

from deploy.local.system import System
from deploy.local.tokens import OPERATOR, mint
from shared.types.clock import now
from tests.bench.region import a_sink
from tests.bench.rows import ROUNDS, Row, compared, limited, progress
from tests.bench.world import Bench, Stopwatch, percentile
from tests.system.region import TYPES

Command = Callable[[], Awaitable[Any]]
JOINING, CLIENTS = 500, 16
ANSWERING, SEATS, MEETINGS = 50, 10, 10
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Load:
    """What some commands took: seconds of each, of all, and of all processes' CPU."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0
    cpu: float = 0

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    @property
    def tail(self) -> float:
        return percentile(self.times, 0.95) / percentile(self.times, 0.5)


class Town:
    """The system at work, people with tokens, and the processes whose CPU counts."""

    def __init__(self, system: System, folder: Path, http: httpx2.AsyncClient) -> None:
        self._urls = system.urls
        self._http = http
        self._folder = folder
        parts = system.parts
        self._processes = [
            parts.kafka_process,
            parts.mongo_process,
            *(service.process for service in system.services.values()),
        ]
        self.people = [self.token(f"p{n}@example.org") for n in range(JOINING)]
        self.founder = self.token("fay@example.org")

    def token(self, address: str, *scopes: str) -> str:
        return mint(self._folder, address, scopes=scopes)

    async def asks(self, token: str, method: str, service: str, path: str, body: Any) -> Any:
        headers = {"authorization": f"Bearer {token}"}
        url = self._urls[service] + path
        reply = await self._http.request(method, url, json=body, headers=headers)
        assert reply.status_code < 300, f"{path}: {reply.status_code} {reply.text}"
        return reply.json()

    async def community(self) -> str:
        wishes = {
            "community_type": "group-leads",
            "name": "Leads",
            "places": ["Kirkby"],
            "format": "online",
            "privacy": "open",
            "join_policy": "open",
        }
        started = await self.asks(self.founder, "POST", "membership", "/communities", wishes)
        return str(started["community_id"])

    async def meeting(self, community_id: str) -> str:
        wish = {"starts_at": (now() + timedelta(days=90)).isoformat(), "seats": SEATS}
        path = f"/communities/{community_id}/meetings"
        scheduled = await self.asks(self.founder, "POST", "scheduling", path, wish)
        return str(scheduled["meeting_id"])

    async def load(self, commands: Iterable[Command], at_once: int) -> Load:
        """Some commands, so many at once, when all that was before is done."""
        load = Load()
        await self.quiet()
        await self.add(load, commands, at_once)
        return load

    async def add(self, load: Load, commands: Iterable[Command], at_once: int) -> None:
        """Some more commands, whatever else is being done."""
        left = iter(commands)

        async def client() -> None:
            for command in left:
                began = perf_counter()
                await command()
                load.times.append(perf_counter() - began)

        with Stopwatch() as watch:
            await asyncio.gather(*[client() for _ in range(at_once)])
        load.seconds += watch.seconds

    def _cpu(self) -> float:
        """Seconds of CPU of all processes, since they began."""
        ticks = 0
        for process in self._processes:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    async def quiet(self) -> float:
        """Wait until nothing is worked on any more; the seconds of CPU until then."""
        calm, before = 0, self._cpu()
        while calm < 2:
            await asyncio.sleep(0.5)
            used = self._cpu() - before
            before += used
            calm = calm + 1 if used < 0.15 else 0
        return before


async def rows(bench: Bench) -> list[Row]:
    async with _a_town(bench) as town:
        joins = [await _joining(town, turn) for turn in range(ROUNDS)]
        answers = [await _answering(town, turn) for turn in range(ROUNDS)]
    spread = [load for _, load in answers]
    return [
        _ratio("joins of one community", joins),
        _ratio("one hot meeting", answers),
        _tail([crowd for crowd, _ in joins]),
        limited(
            "CPU a command",
            min(1000 * load.cpu / len(load.times) for load in spread),
        ),
    ]


def _tail(crowds: Sequence[Load]) -> Row:
    """How far the slowest twentieth is from the middle, in the worst round; and both in milliseconds."""
    worst = max(crowds, key=lambda load: load.tail)
    middle, slow = (1000 * percentile(worst.times, share) for share in (0.5, 0.95))
    told = limited("a crowd's p95", worst.tail)
    return replace(told, ours=f"{told.ours} ({middle:,.0f} → {slow:,.0f} ms)")


def _ratio(name: str, loads: Sequence[tuple[Load, Load]]) -> Row:
    return compared(name, [(crowd.rate, spread.rate) for crowd, spread in loads])


async def _joining(town: Town, turn: int) -> tuple[Load, Load]:
    """Everybody joins one community; then each a community of their own."""
    progress.print(f"joins: round {turn + 1} of {ROUNDS}")
    communities = [await town.community() for _ in range(JOINING)]

    def join(token: str, community_id: str) -> Command:
        path = f"/communities/{community_id}/members"
        return lambda: town.asks(token, "POST", "membership", path, {})

    wanted = await town.community()
    crowd = await town.load([join(token, wanted) for token in town.people], CLIENTS)
    spread = await town.load(
        [join(token, own) for token, own in zip(town.people, communities, strict=True)], CLIENTS
    )
    return crowd, spread


async def _answering(town: Town, turn: int) -> tuple[Load, Load]:
    """50 answer a meeting at once, ten times: ten come, forty wait in order. Then 50 answer 50 meetings, ten times."""
    progress.print(f"answers: round {turn + 1} of {ROUNDS}")
    community_id = await town.community()
    people = town.people[:ANSWERING]
    for token in people:
        await town.asks(token, "POST", "membership", f"/communities/{community_id}/members", {})
    await town.quiet()
    meetings = [await town.meeting(community_id) for _ in range(ANSWERING + MEETINGS)]
    hot, own = meetings[:MEETINGS], meetings[MEETINGS:]
    await town.quiet()  # everybody was invited to all of them
    crowd = Load()
    for meeting_id in hot:
        line: list[int] = []
        await town.add(
            crowd, [_answer(town, token, meeting_id, line) for token in people], ANSWERING
        )
        assert sorted(line) == [*range(1, ANSWERING - SEATS + 1)], line
    spread = Load()
    before = await town.quiet()
    for shift in range(MEETINGS):
        each = [
            _answer(town, token, own[(n + shift) % ANSWERING], []) for n, token in enumerate(people)
        ]
        await town.add(spread, each, ANSWERING)
    spread.cpu = await town.quiet() - before
    return crowd, spread


def _answer(town: Town, token: str, meeting_id: str, line: list[int]) -> Command:
    """Take a seat, or a place in the line."""

    async def answering() -> None:
        path, body = f"/meetings/{meeting_id}/rsvp", {"status": "accepted"}
        answer = await town.asks(token, "PUT", "scheduling", path, body)
        if answer["status"] == "waitlisted":
            line.append(answer["position"])

    return answering


@asynccontextmanager
async def _a_town(bench: Bench) -> AsyncIterator[Town]:
    """Every service on the bench's parts, with a mail server that is quick, and people who are known."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with a_sink(folder) as sink:
            smtp = {"COPSE_SMTP_HOST": "127.0.0.1", "COPSE_SMTP_PORT": str(sink.port)}
            progress.print("every service starts")
            system = await asyncio.to_thread(System.start, folder, parts=bench.parts, settings=smtp)
            try:
                # Closed here before the server does it: it would meet a command on its way.
                limits = httpx2.Limits(keepalive_expiry=2)
                async with httpx2.AsyncClient(timeout=60, limits=limits) as http:
                    town = Town(system, folder, http)
                    operator = town.token("operator@example.org", OPERATOR)
                    for file in sorted(TYPES.glob("*.yaml")):
                        kind = yaml.safe_load(file.read_text())
                        path = f"/community-types/{file.stem}"
                        await town.asks(operator, "PUT", "membership", path, kind)
                    for token in (*town.people, town.founder):
                        await town.asks(token, "PUT", "membership", "/people/me", {})
                    yield town
            finally:
                for service in system.services.values():
                    await asyncio.to_thread(service.process.stop)
