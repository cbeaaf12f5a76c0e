"""python -m tests.faults.build <service>: the unmodified service as a process that dies where it is told.

Crash points and seeded bugs wrap seams of the kernel from outside; no line of theirs stands in what is deployed.
The environment is read here alone:

COPSE_CRASH_AT   a name of POINTS; with `:3` at the third time it is reached (the first, unless told otherwise)
COPSE_CRASHES    a file to which each death adds a line, so that a test knows where the process died
COPSE_BUG        a name of tests.faults.bugs.BUGS
"""

import functools
import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

SAMPLE = "tests.kernel.sample"

_doing: ContextVar[str] = ContextVar("doing", default="")


@dataclass(frozen=True)
class Point:
    """A place to die: before or after a call of a seam (module:owner.name), perhaps only while doing something."""

    when: Literal["before", "after"]
    seam: str
    doing: str = ""


DOING = {
    "consumer": "shared.inbox:Inbox._transact",
    "command": "shared.http:_command",
}
"""What a process can be in the middle of, where a seam has several users."""

POINTS = {
    # A batch of records: it was fetched; its transaction handled the first event; it wrote everything;
    # it is committed; Kafka is about to be told the offsets; Kafka was told.
    "consumer.before-transaction": Point("before", "shared.inbox:Inbox._transact"),
    "consumer.inside-transaction": Point("after", "shared.inbox:Inbox._take"),
    "consumer.before-commit": Point("before", "shared.database:_commit", "consumer"),
    "consumer.after-commit": Point("after", "shared.database:_commit", "consumer"),
    "consumer.before-offsets": Point("before", "aiokafka:AIOKafkaConsumer.commit"),
    "consumer.after-offsets": Point("after", "aiokafka:AIOKafkaConsumer.commit"),
    # The outbox: a page is about to be sent; its first event is with the producer; Kafka has it and its answer
    # was not read; it is acknowledged and still in the outbox; it is deleted.
    "relay.before-send": Point("before", "shared.relay:Relay._send"),
    "relay.half-sent": Point("after", "aiokafka:AIOKafkaProducer.send"),
    "relay.sent-not-acknowledged": Point(
        "before", "aiokafka.producer.sender:SendProduceReqHandler.handle_response"
    ),
    "relay.acknowledged-before-delete": Point("before", "shared.relay:Relay._forget"),
    "relay.after-delete": Point("after", "shared.relay:Relay._forget"),
    # A command: everything is written and nothing committed; it is committed and not answered.
    "command.before-commit": Point("before", "shared.database:_commit", "command"),
    "command.after-commit": Point("after", "shared.database:_commit", "command"),
}
"""Every crash point. To add one, name its seam: a function or a method, awaited or not."""


def arm(name: str, nth: int = 1) -> None:
    """Die at this point the `nth` time it is reached."""
    point, times = POINTS[name], count(1)
    if point.doing:
        wrap(DOING[point.doing], lambda original: within(original, lambda: _marked(point.doing)))

    def reached(when: str) -> None:
        mine = when == point.when and point.doing in ("", _doing.get())
        if mine and next(times) == nth:
            die(name)

    @contextmanager
    def watched() -> Generator[None]:
        reached("before")
        yield
        reached("after")

    wrap(point.seam, lambda original: within(original, watched))


def die(name: str) -> None:
    """As a power cut does; where it was is written down first."""
    if file := os.environ.get("COPSE_CRASHES"):
        log = os.open(file, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        os.write(log, f"{name} {os.getpid()}\n".encode())
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def _marked(what: str) -> Generator[None]:
    before = _doing.set(what)
    try:
        yield
    finally:
        _doing.reset(before)


def wrap(seam: str, change: Callable[[Any], Any]) -> None:
    """Put `change(original)` in the place of a seam. AttributeError where there is none of this name."""
    module, _, path = seam.partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for one in owners:
        owner = getattr(owner, one)
    setattr(owner, name, change(getattr(owner, name)))


def within(original: Any, context: Callable[[], AbstractContextManager[None]]) -> Any:
    """The function, called within a context that is entered anew each time."""
    if not inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        def called(*given: Any, **named: Any) -> Any:
            with context():
                return original(*given, **named)

        return called

    @functools.wraps(original)
    async def awaited(*given: Any, **named: Any) -> Any:
        with context():
            return await original(*given, **named)

    return awaited


def main(service: str) -> None:
    """Arm, seed, serve."""
    if at := os.environ.get("COPSE_CRASH_AT"):
        name, _, nth = at.partition(":")
        arm(name, int(nth or 1))
    if bug := os.environ.get("COPSE_BUG"):
        importlib.import_module("tests.faults.bugs").BUGS[bug]()
    module = SAMPLE if service == "sample" else f"services.{service}.app"
    app = importlib.import_module(module).app
    importlib.import_module("shared.service").run(app)


if __name__ == "__main__":
    # Under its own name, not as __main__: bugs and tests import this module too.
    importlib.import_module("tests.faults.build").main(sys.argv[1])
