"""`make bench`: every figure beside its raw reference, in one run, as ratios.

python -m tests.bench [--json FILE] [PART …] measures some parts and writes no document.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.parts import Parts
from deploy.local.throwaway import throwaway
from shared import observability
from tests.bench import (
    consume,
    crowd,
    fanout,
    growth,
    lists,
    memory,
    overhead,
    publish,
    region,
    report,
)
from tests.bench.rows import Row, limited, progress, ratio
from tests.bench.world import Bench, deposits


async def consuming(bench: Bench) -> list[Row]:
    topic, short = await bench.topic(), await bench.topic()
    await bench.fill(topic, deposits(consume.EVENTS))
    await bench.fill(short, deposits(consume.EVENTS_ONE_BY_ONE))
    return [
        await ratio(
            "consume",
            lambda: consume.kernel(bench, topic, consume.EVENTS),
            lambda: consume.raw_loop(bench, topic, consume.EVENTS),
        ),
        await ratio(
            "consume, beside one transaction an event",
            lambda: consume.kernel(bench, topic, consume.EVENTS),
            lambda: consume.one_by_one(bench, short, consume.EVENTS_ONE_BY_ONE),
        ),
        limited(
            "kernel's own work an event",
            await overhead.kernel_without_database(bench, topic, consume.EVENTS),
        ),
    ]


async def relaying(bench: Bench) -> list[Row]:
    return [await ratio("relay", lambda: publish.relay(bench), lambda: publish.raw_producer(bench))]


async def commanding(bench: Bench) -> list[Row]:
    return [
        await ratio(
            "command",
            lambda: publish.commands(bench, bare=False),
            lambda: publish.commands(bench, bare=True),
        )
    ]


async def fanning_out(bench: Bench) -> list[Row]:
    # A round takes a tenth of a second: only the median of many says anything.
    return [await ratio("fan-out", lambda: fanout.ours(bench), lambda: fanout.raw(bench), 15)]


async def latencies(bench: Bench) -> list[Row]:
    times = await publish.latencies(bench)
    return [limited(f"{name}, p95", value) for name, value in times.items()]


async def remembering(bench: Bench) -> list[Row]:
    return [limited("memory grown", await memory.growth(bench))]


PARTS: dict[str, Callable[[Bench], Awaitable[list[Row]]]] = {
    "consume": consuming,
    "relay": relaying,
    "command": commanding,
    "fan-out": fanning_out,
    "latency": latencies,
    "memory": remembering,
    "region": region.rows,
    "crowd": crowd.rows,
    "lists": lists.rows,
    "growth": growth.rows,
}


def show(rows: Sequence[Row]) -> None:
    table = Table("measure", "Copse", "reference", "ratio", "bar", "holds")
    for row in rows:
        holds = "yes" if row.holds else "[red]no[/red]"
        table.add_row(row.bar.name, row.ours, row.reference, row.found, str(row.bar), holds)
    Console(width=120).print(table)


async def measure(parts: Parts, names: Sequence[str]) -> list[Row]:
    bench = Bench(parts)
    rows: list[Row] = []
    try:
        for name in names:
            began = time.monotonic()
            rows += await PARTS[name](bench)
            progress.print(f"{name}: {time.monotonic() - began:.0f} s")
    finally:
        await bench.close()
    return rows


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    asked.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    asked.add_argument("--json", type=Path, help="also keep the figures in this file")
    told = asked.parse_args()
    if unknown := set(told.parts) - set(PARTS):
        asked.error(f"there is no part {', '.join(sorted(unknown))}; parts are {', '.join(PARTS)}")
    observability.set_up("bench", "ERROR")
    with throwaway() as folder, Parts.start(folder) as parts:
        rows = asyncio.run(measure(parts, told.parts or [*PARTS]))
    show(rows)
    if told.json:
        figures = [[row.bar.name, row.ours, row.reference, row.value, row.holds] for row in rows]
        told.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1))
    if not told.parts:
        report.write(rows)
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
