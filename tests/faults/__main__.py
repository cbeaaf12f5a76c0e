"""python -m tests.faults: the long run. The table on stdout, progress on stderr; 0 if nothing is wrong."""

import asyncio
import statistics
import sys
import time
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from deploy.local.throwaway import throwaway
from tests.faults.build import POINTS
from tests.faults.campaign import Report, campaign, everything, long

HITS, KILLS = 4, 40
BEGAN = time.monotonic()


def tell(progress: str) -> None:
    sys.stderr.write(f"{time.monotonic() - BEGAN:6.0f} s  {progress}\n")
    sys.stderr.flush()


def main(
    seed: Annotated[int, typer.Option(help="Gives the order of the faults and the load.")] = 1,
    minutes: Annotated[
        float, typer.Option(help="For the faults; quiet and checks come on top.")
    ] = 25,
    hurry: Annotated[
        float, typer.Option(help="The share of faults that wait for no recovery.")
    ] = 0.15,
) -> None:
    """Faults under load on real services, Kafka, MongoDB and SMTP; then the checker's word."""
    report = asyncio.run(_run(seed, minutes, hurry))
    Console(width=110).print(table(report))
    wrong = dict(report.wrong)
    if few := [
        f"{one}: {report.tally.hits[one]} times" for one in POINTS if report.tally.hits[one] < HITS
    ]:
        wrong["reached too seldom"] = few
    if (kills := report.tally.kills.total()) < KILLS:
        wrong["killed too seldom"] = [f"{kills} kill -9"]
    for kind, found in wrong.items():
        tell(f"{kind.upper()}: {len(found)}")
        for one in found[:20]:
            tell(f"  {one}")
    raise typer.Exit(1 if wrong else 0)


async def _run(seed: int, minutes: float, hurry: float) -> Report:
    with throwaway() as folder:
        tell(f"Starting two replicas of everything; logs in {folder / 'logs'} …")
        async with everything(folder) as field:
            tell("Everything is ready.")
            return await campaign(field, long, seed=seed, minutes=minutes, hurry=hurry, tell=tell)


def table(report: Report) -> Table:
    """One table: what was done to the system, and what came of it."""
    tally, findings = report.tally, report.findings
    shown = Table("Measure", "Value", box=box.SIMPLE, title="Faults")
    shown.add_row("faults injected", str(tally.faults.total()))
    for name, count in sorted(tally.faults.items()):
        shown.add_row(f"  {name}", str(count))
    shown.add_row("kill -9 in all", f"{tally.kills.total()}: {_counts(tally.kills)}")
    least = min(POINTS, key=lambda point: tally.hits[point])
    shown.add_row("crash points", f"{len(POINTS)}, each reached {tally.hits[least]} times or more")
    shown.add_row("commands acknowledged", str(report.model.commands))
    shown.add_row("events acknowledged", str(report.model.events))
    for name, found in (
        ("lost", findings.lost),
        ("doubled", findings.doubled),
        ("inversions per key", findings.inverted),
        ("states that differ", findings.differs),
        ("parked", findings.parked),
        ("mails sent twice", findings.mails_twice),
    ):
        shown.add_row(name, str(len(found)))
    shown.add_row(
        "mails sent, delivery-unknown", f"{findings.mails_sent}, {findings.mails_unknown}"
    )
    shown.add_row("records Kafka holds twice, applied once", str(findings.records_twice))
    took = sorted(seconds for seconds, _ in tally.recoveries) or [0.0]
    slowest = max(tally.recoveries, default=(0.0, "-"))
    shown.add_row("recovery p50", f"{statistics.median(took):.1f} s")
    shown.add_row("recovery max", f"{slowest[0]:.1f} s ({slowest[1]})")
    shown.add_row("took", f"{report.seconds / 60:.1f} min")
    return shown


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))


if __name__ == "__main__":
    typer.run(main)
