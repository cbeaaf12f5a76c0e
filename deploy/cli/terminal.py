"""How a command answers: results on stdout, progress on stderr, and an exit code that says how it went."""

import asyncio
import json
import logging
import os
import sys
import unicodedata
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Annotated, Any, ParamSpec

import structlog
import typer
from aiokafka.errors import KafkaError
from pymongo.errors import OperationFailure, PyMongoError
from rich import box
from rich.console import Console
from rich.table import Table
from structlog.processors import JSONRenderer, TimeStamper, add_log_level

from deploy.local.processes import CannotStart
from deploy.topics.apply import Unreachable

P = ParamSpec("P")
FINE, WRONG, USAGE, STOPPED = 0, 1, 2, 130  # exit codes

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without this it is only told.")]


class Wrong(Exception):
    """Why a command could not do its work, in a sentence for the person at the terminal."""


def answering(work: Callable[P, Coroutine[Any, Any, bool | None]]) -> Callable[P, None]:
    """A command from a coroutine. False, or a failure that is foreseen, is exit code 1."""

    @wraps(work)
    def run(*args: P.args, **options: P.kwargs) -> None:
        # An audit line is JSON on stderr, as a service's; stdout holds the result alone.
        structlog.configure(
            [add_log_level, TimeStamper("iso"), JSONRenderer()], logger_factory=_log
        )
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is told once, by the command
        try:
            fine = asyncio.run(work(*args, **options))
        except BrokenPipeError:  # `| head` has what it wanted
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FINE) from None
        except KeyboardInterrupt:
            tell("Stopped.")
            raise typer.Exit(STOPPED) from None
        except (Wrong, Unreachable, CannotStart, KafkaError, PyMongoError, OSError) as reason:
            tell(sentence(reason))
            raise typer.Exit(WRONG) from reason
        if fine is False:
            raise typer.Exit(WRONG)

    return run


def _log(*_: Any) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


def hint(variable: str) -> str:
    """How to mend that a part does not answer."""
    return f"Is the system up (`make up`, or `docker compose up --wait`)? {variable} says where else it is."


def sentence(reason: Exception) -> str:
    """What went wrong, and where; never a traceback, nor a page of topology."""
    if isinstance(reason, OperationFailure):
        return f"MongoDB refuses: {reason.details.get('errmsg') if reason.details else reason}"
    if isinstance(reason, PyMongoError):
        first = str(reason).partition(", Timeout:")[0].partition(" (configured timeouts")[0]
        return f"MongoDB cannot be reached: {first}. {hint('COPSE_MONGO')}"
    return f"Kafka: {reason}" if isinstance(reason, KafkaError) else str(reason)


def table(*headings: str, rows: Sequence[Sequence[object]]) -> None:
    """As wide as its longest row where stdout is no terminal: what is cut off cannot be copied."""
    shown = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        shown.add_row(*("" if cell is None else printable(str(cell)) for cell in row))
    width = None if sys.stdout.isatty() else 400
    Console(width=width, soft_wrap=True, markup=False, emoji=False).print(shown)


def say(line: str = "") -> None:
    """A line of the result, or several."""
    typer.echo(printable(line))


def printable(text: str) -> str:
    """What came from outside moves no cursor: control characters are shown, not obeyed."""
    if text.isprintable():
        return text
    return "".join(
        one
        if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cf", "Cs")
        else repr(one)[1:-1]
        for one in text
    )


def document(result: object) -> None:
    """The whole result as JSON."""
    typer.echo(json.dumps(result, indent=2, default=_plain, ensure_ascii=False))


def line(result: object) -> None:
    """One of many results, as a line of JSON."""
    typer.echo(json.dumps(result, default=_plain, ensure_ascii=False))


def tell(progress: str) -> None:
    sys.stderr.write(f"{progress}\n")
    sys.stderr.flush()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def moment(text: str) -> datetime:
    """A time as people write it: 2h, 30m, 7d ago; or ISO 8601, in UTC unless it says otherwise."""
    number, unit = text[:-1], text[-1:]
    ago = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    if number.isdecimal() and unit in ago:
        return datetime.now(UTC) - timedelta(**{ago[unit]: int(number)})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no time such as 30m, 2h, 7d or 2027-03-01T09:00Z"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def duration(seconds: float | None) -> str:
    """3 s, 4 min, 2 h, 5 d; nothing for nothing."""
    if seconds is None:
        return ""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
