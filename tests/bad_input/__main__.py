"""`python -m tests.bad_input [--records N] [--seed S]`: bad input on every topic of a system of its own."""

import asyncio
import sys
from typing import Annotated

import typer

from deploy.local.throwaway import throwaway
from tests.bad_input.report import summary
from tests.bad_input.run import run
from tests.support.parts import start_system


def main(
    records: Annotated[int, typer.Option(help="Bad records on each topic.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed, the same records.")] = 1,
    patience: Annotated[float, typer.Option(help="Seconds until all must be dealt with.")] = 1_800,
) -> None:
    """Say what became of it; fail unless each record was applied, skipped or parked once."""
    with throwaway() as folder, start_system(folder, settings={"COPSE_TEST_CLOCK": "1"}) as system:
        report = asyncio.run(run(system, records, seed, patience=patience))
    sys.stdout.write(summary(report) + "\n")
    for wrong in report.wrong[:100]:
        sys.stdout.write(f"WRONG {wrong}\n")
    raise typer.Exit(bool(report.wrong))


if __name__ == "__main__":
    typer.run(main)
