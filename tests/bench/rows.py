"""What is measured, beside what, and what it must reach. docs/benchmarks.md tells of these rows alone."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from rich.console import Console

ROUNDS = 3
progress = Console(stderr=True)
Measure = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Bar:
    """One measure: its name, what it stands beside, and the least ratio or the most of a unit, if any."""

    name: str
    beside: str
    least: float | None = None
    most: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        if self.least:
            return f"≥ {self.least:g} ×"
        return f"≤ {self.most:g} {self.unit}" if self.most else ""


@dataclass(frozen=True)
class Row:
    """What one measure came to."""

    bar: Bar
    ours: str
    reference: str
    value: float

    @property
    def margin(self) -> float:
        """How many times better than its bar: 1 just holds; without end where there is none."""
        if self.bar.least:
            return self.value / self.bar.least
        return self.bar.most / self.value if self.bar.most and self.value > 0 else float("inf")

    @property
    def holds(self) -> bool:
        return self.margin >= 1

    @property
    def found(self) -> str:
        return f"{self.value:.2f} ×" if self.reference else ""


async def ratio(name: str, ours: Measure, reference: Measure, rounds: int = ROUNDS) -> Row:
    """Alternate both, so that a slow moment of the machine meets either; the median of the ratios counts."""
    pairs: list[tuple[float, float]] = []
    for turn in range(rounds):
        progress.print(f"{name}: round {turn + 1} of {rounds}")
        pairs.append((await ours(), await reference()))
    return compared(name, pairs)


def compared(name: str, pairs: Sequence[tuple[float, float]]) -> Row:
    """Rates a second of ours and of the reference, taken in turns."""
    found = statistics.median(mine / other for mine, other in pairs)
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Row(BARS[name], f"{mine:,.0f}/s", f"{other:,.0f}/s", found)


def limited(name: str, value: float) -> Row:
    """A figure that stands by itself, below a limit."""
    return Row(BARS[name], f"{value:,.1f} {BARS[name].unit}", "", value)


_ALL = [
    Bar(
        "consume",
        "a raw loop that does the same writes by hand, batch after batch: aiokafka `getmany`, one bulk transaction of the same size",
        least=0.8,
    ),
    Bar(
        "consume, beside one transaction an event",
        "a plain FastStream handler: one transaction, then one acknowledgement, for each event",
        least=50,
    ),
    Bar("relay", "a raw idempotent producer with keys and headers, no database", least=0.35),
    Bar(
        "command",
        "the same transaction by hand behind bare FastAPI, POST → 201; eight at once, none in another's way",
        least=0.8,
    ),
    Bar("fan-out", "`insert_many` of the same 10,000 documents in parallel chunks", least=0.6),
    Bar(
        "kernel's own work an event",
        "raw `getmany` and Pydantic; CPU time more",
        most=15,
        unit="µs",
    ),
    Bar("event → state, p95", "at low load, through Kafka", most=30, unit="ms"),
    Bar("commit → published, p95", "at low load, until Kafka acknowledged", most=60, unit="ms"),
    Bar("memory grown", "over 100,000 events, first quarter to last", most=20, unit="MB"),
    Bar(
        "a regional cancellation, queued",
        "300 communities cancel their meeting at once: until 20,000 people have their notice",
        most=60,
        unit="s",
    ),
    Bar(
        "a regional cancellation, told twice",
        "people with a second notice or mail",
        most=0.5,
        unit="people",
    ),
    Bar(
        "a regional cancellation, memory grown",
        "of the notifications process, from ready until the mails are leaving",
        most=40,
        unit="MB",
    ),
    Bar(
        "mails out",
        "a loop that claims each such mail, ready made, sends it over as many connections, and records the answer",
        least=0.45,
    ),
    Bar(
        "mails out, beside nothing kept",
        "a raw aiosmtplib loop that sends such mails, ready made, over as many connections",
    ),
    Bar(
        "a new service over 100,000 past events",
        "notifications, from start to ready",
        most=120,
        unit="s",
    ),
    Bar("start-up", "membership, from start to ready, nothing to catch up with", most=5, unit="s"),
    Bar("memory of a service", "membership, resident after start-up", most=150, unit="MB"),
    Bar(
        "joins of one community",
        "the same joins, each of a community of its own: 500 people, 16 at once, the whole system",
        least=0.8,
    ),
    Bar(
        "one hot meeting",
        "as many answers, at any moment each to another meeting, where there are seats: 50 at once, 10 times; here 40 of 50 wait in line",
        least=0.8,
    ),
    Bar("a crowd's p95", "500 join one community, 16 at once; p95 ÷ p50", most=2, unit="× p50"),
    Bar(
        "CPU a command",
        "those answers; all services, Kafka and MongoDB, until all is told; the best of three rounds",
        most=8,
        unit="ms",
    ),
    Bar(
        "a list of 50",
        "a process of bare FastAPI and Motor, as it comes: the same query, the same items, nobody asked who they are; 8 at once",
        least=0.6,
    ),
    Bar("consume into 100 × the state", "into 1 ×: 2,000 states and ids kept before", least=0.7),
    Bar(
        "search among 10,000, p95", "a word that one in ten holds, first page", most=300, unit="ms"
    ),
    *(
        Bar(f"{what} at 100 × the data", f"at 1 ×: {where}; the fastest of 40 askings", least=0.5)
        for what, where in {
            "communities": "60 communities",
            "members": "60 of the community, 100 of others",
            "meetings": "20 of the community, 200 of others",
            "calendar feed": "the same, as a calendar",
            "shared": "50 of the community, 50 of others; a page of 50, as all of these",
            "inbox": "60 of mine, 200 of others",
            "deliveries": "60 that failed, 200 others",
        }.items()
    ),
]
BARS = {bar.name: bar for bar in _ALL}
