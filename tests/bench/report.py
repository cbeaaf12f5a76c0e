"""docs/benchmarks.md and its picture: what a run measured, between what people wrote."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.bench.rows import Row

DOCS = Path(__file__).parents[2] / "docs"
PAGE, PICTURE = DOCS / "benchmarks.md", DOCS / "benchmarks.svg"
BEGIN, END = "<!-- written by make bench -->", "<!-- written by hand from here on -->"
GREEN, RED = "#2f7d4f", "#b3402e"
WIDEST = 8.0  # times better than the bar; what is better still is drawn so wide


def write(rows: Sequence[Row], page: Path = PAGE, picture: Path = PICTURE) -> None:
    """Put a run's figures into the page, and draw them; what stands outside the marks is left."""
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{_figures(rows)}\n{END}{after}")
    draw(rows, picture)


def _figures(rows: Sequence[Row]) -> str:
    failing = [row.bar.name for row in rows if not row.holds]
    verdict = f"These bars did not hold: {', '.join(failing)}." if failing else "Every bar held."
    lines = [
        "",
        f"{_machine()} {verdict}",
        "",
        "![Every measure, as times better than its bar](benchmarks.svg)",
        "",
        "| Measure | Copse | Reference | Ratio | Bar | Holds | Beside, or how |",
        "|---|---:|---:|---:|---:|---|---|",
        *(
            f"| {row.bar.name} | {row.ours} | {row.reference} | {row.found} | {row.bar} |"
            f" {_verdict(row)} | {row.bar.beside} |"
            for row in rows
        ),
        "",
    ]
    return "\n".join(lines)


def _verdict(row: Row) -> str:
    if not str(row.bar):
        return ""
    return "yes" if row.holds else "**no**"


def _machine() -> str:
    """Cores, memory and versions: no name, no date, so that two runs differ in figures alone."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("motor", "aiokafka", "faststream", "fastapi", "pydantic", "uvicorn")
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"One run on {os.cpu_count()} cores and {memory:.0f} GiB of memory, shared with Kafka, mongod and"
        f" the mail server; Python {platform.python_version()}, {libraries}."
    )


def draw(rows: Sequence[Row], file: Path = PICTURE) -> None:
    """A bar for each measure: how many times better than what it must reach; 1 just holds."""
    mpl.rcParams["svg.hashsalt"] = "copse"  # the same figures are the same file
    mpl.rcParams["svg.fonttype"] = "none"
    rows = [row for row in rows if str(row.bar)]
    figure = Figure(figsize=(9, 0.32 * len(rows) + 1), layout="constrained")
    axes = figure.subplots()
    names = [row.bar.name for row in rows]
    widths = [min(row.margin, WIDEST) for row in rows]
    drawn = axes.barh(names, widths, color=[GREEN if row.holds else RED for row in rows])
    axes.bar_label(drawn, [_times(row) for row in rows], padding=3, fontsize=8)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("times better than the bar (1 just holds)")
    axes.set_xlim(0, WIDEST * 1.1)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})


def _times(row: Row) -> str:
    return f"{row.margin:.1f} ×" if row.margin <= WIDEST else f"> {WIDEST:g} ×"
