"""How cost grows: the same questions at 1, 10 and 100 times the data."""

import time
from typing import Any

from tests.bench import consume, growing
from tests.bench.rows import Row, compared, limited, progress, ratio
from tests.bench.world import Bench, deposits, percentile

TIMES = (1, 10, 100)
ASKED = 40


async def rows(bench: Bench) -> list[Row]:
    found = [await _consuming(bench)]
    for name, world in growing.worlds():
        async with world(bench) as (fill, asks):
            took: dict[str, list[float]] = {asked: [] for asked in asks}
            for times in TIMES:
                progress.print(f"{name}: {times} × the data")
                await fill(times)
                for asked, (client, path) in asks.items():
                    took[asked].append(await _seconds(client, path))
            for asked, seconds in took.items():
                rates = [(1 / seconds[-1], 1 / seconds[0])]
                found.append(compared(f"{asked} at 100 × the data", rates))
            if "shared" in asks:
                found.append(limited("search among 10,000, p95", await _search(asks["shared"][0])))
    return found


async def _seconds(client: Any, path: str) -> float:
    """The fastest of some askings: what it costs, on a machine that does other things as well."""
    took: list[float] = []
    for _ in range(ASKED):
        began = time.perf_counter()
        reply = await client.get(path)
        took.append(time.perf_counter() - began)
        assert reply.status_code == 200, reply.text
    return min(took)


async def _search(client: Any) -> float:
    """Milliseconds, the 95th percentile, over words that one in ten of 10,000 holds."""
    took: list[float] = []
    for n in range(40):
        began = time.perf_counter()
        reply = await client.get("/search", params={"q": f"word{n % 10}"})
        took.append((time.perf_counter() - began) * 1000)
        assert len(reply.json()["items"]) == 50, reply.text
    return percentile(took, 0.95)


async def _consuming(bench: Bench) -> Row:
    events, least = 5_000, 2_000
    topic = await bench.topic()
    await bench.fill(topic, deposits(events))
    return await ratio(
        "consume into 100 × the state",
        lambda: consume.kernel(bench, topic, events, before=100 * least),
        lambda: consume.kernel(bench, topic, events, before=least),
    )
