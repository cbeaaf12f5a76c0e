"""python -m deploy.local up|parts|down|reset|status: the result on stdout, progress on stderr."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from deploy.local import services
from deploy.local.cache import locked
from deploy.local.parts import NAMES, end_all
from deploy.local.processes import CannotStart, running_in
from deploy.local.state import forget, state_folder
from deploy.local.up import parts_alone
from deploy.local.up import up as bring_up

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def local() -> None:
    """The whole system on this machine, without Docker. COPSE_STATE chooses where it keeps its data."""


@app.command()
def up() -> None:
    """Start what does not run yet, load the region, say where everything is."""
    with alone():
        table = bring_up(state_folder(), tell)
    show(table)


@app.command()
def parts() -> None:
    """Start Kafka, MongoDB and the mailbox alone: a backup is restored before any service starts."""
    with alone():
        started = parts_alone(state_folder())
    tell(f"Kafka {started.kafka}, MongoDB {started.mongo}. Services: make up")


@app.command()
def down() -> None:
    """Stop everything; the data stays."""
    with alone():
        end()


@app.command()
def reset() -> None:
    """Stop everything and forget the data."""
    with alone():
        end()
        forget(state_folder())
    tell("All data is forgotten.")


@app.command()
def status() -> None:
    """Say what runs; fail unless everything does."""
    running = running_in(state_folder())
    table = Table("Process", "State", "Log", box=box.SIMPLE)
    expected = [*NAMES, *services.names()]
    for name in expected:
        state = f"runs, pid {running[name].pid}" if name in running else "stopped"
        table.add_row(name, state, str(state_folder() / "logs" / f"{name}.log"))
    show(table)
    raise typer.Exit(0 if running.keys() >= set(expected) else 1)


def end() -> None:
    if running := running_in(state_folder()):
        tell(f"Stopping {', '.join(running)} …")
        end_all(state_folder())
    tell("Nothing runs.")


@contextmanager
def alone() -> Generator[None]:
    """One command at a time works in the state folder; what it cannot do it says in a sentence."""
    try:
        with locked(state_folder() / "lock"):
            yield
    except CannotStart as reason:
        tell(str(reason))
        raise typer.Exit(1) from reason


def show(table: Table) -> None:
    """As wide as its longest row, wherever it is shown: an address that is cut off is none."""
    Console(width=400, soft_wrap=True).print(table)


def tell(progress: str) -> None:
    sys.stderr.write(f"{progress}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    app(prog_name="python -m deploy.local")
