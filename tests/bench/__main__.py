"""`make bench`: every figure beside its raw reference, in one run, as ratios."""

import asyncio
import json
import statistics
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.parts import Parts
from deploy.local.throwaway import throwaway
from shared import telemetry
from tests.bench import consume, fanout, memory, publish
from tests.bench.world import Bench, deposits

ROUNDS = 3
progress = Console(stderr=True)
Row = tuple[str, str, str, str, str, bool]
Measure = Callable[[], Awaitable[float]]


async def ratio(name: str, ours: Measure, reference: Measure, bar: float) -> Row:
    """Alternate both, so that a slow moment of the machine meets either; the median of the ratios counts."""
    pairs: list[tuple[float, float]] = []
    for turn in range(ROUNDS):
        progress.print(f"{name}: round {turn + 1} of {ROUNDS}")
        pairs.append((await ours(), await reference()))
    found = statistics.median(mine / other for mine, other in pairs)
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    return name, f"{mine:,.0f}/s", f"{other:,.0f}/s", f"{found:.2f} ×", f"≥ {bar} ×", found >= bar


def below(name: str, value: float, unit: str, bar: float) -> Row:
    return name, f"{value:.1f} {unit}", "", "", f"≤ {bar:g} {unit}", value <= bar


async def measure(bench: Bench) -> list[Row]:
    topic = await bench.topic()
    await bench.fill(topic, deposits(consume.EVENTS))
    short = await bench.topic()
    await bench.fill(short, deposits(consume.EVENTS_ONE_BY_ONE))
    rows = [
        await ratio(
            "consume",
            lambda: consume.kernel(bench, topic, consume.EVENTS),
            lambda: consume.raw_loop(bench, topic, consume.EVENTS),
            0.8,
        ),
        await ratio(
            "consume, beside one transaction an event",
            lambda: consume.kernel(bench, topic, consume.EVENTS),
            lambda: consume.one_by_one(bench, short, consume.EVENTS_ONE_BY_ONE),
            50,
        ),
        await ratio(
            "relay", lambda: publish.relay(bench), lambda: publish.raw_producer(bench), 0.35
        ),
        await ratio(
            "command",
            lambda: publish.commands(bench, bare=False),
            lambda: publish.commands(bench, bare=True),
            0.7,
        ),
        await ratio("fan-out", lambda: fanout.ours(bench), lambda: fanout.raw(bench), 0.6),
    ]
    progress.print("kernel without a database")
    added = await consume.kernel_without_database(bench, topic, consume.EVENTS)
    rows.append(below("kernel's own work an event", added, "µs", 15))
    progress.print("latencies")
    times = await publish.latencies(bench)
    rows.append(below("event → state, p95", times["event → state"], "ms", 50))
    rows.append(below("commit → published, p95", times["commit → published"], "ms", 60))
    progress.print("memory")
    rows.append(below("memory grown", await memory.growth(bench), "MB", 20))
    return rows


def show(rows: list[Row]) -> None:
    table = Table("measure", "Copse", "reference", "ratio", "bar", "holds")
    for *texts, holds in rows:
        table.add_row(*texts, "yes" if holds else "[red]no[/red]")
    Console(width=110).print(table)


async def run(parts: Parts) -> list[Row]:
    bench = Bench(parts)
    try:
        return await measure(bench)
    finally:
        await bench.close()


def main() -> int:
    telemetry.set_up("bench", "ERROR")
    with throwaway() as folder, Parts.start(folder) as parts:
        rows = asyncio.run(run(parts))
    show(rows)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    return 0 if all(row[-1] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
