"""python -m tests.faults.build <service>: the unmodified service as a process that dies where it is told.

Crash points and seeded bugs wrap seams of the kernel from outside; no line of theirs stands in what is deployed.
The environment is read here alone:

COPSE_CRASH_AT   an order: `<name of POINTS> [nth [signal [pid]]]`, by default the first time, SIGKILL, and oneself
COPSE_ORDERS     a file; at SIGUSR1 its order takes the place of the one before, an empty one revokes it
COPSE_CRASHES    a file to which each order that was carried out adds a line: name, signal, own pid
COPSE_BUG        a name of tests.faults.bugs.BUGS
COPSE_CLAIM_SECONDS   after so long an Idempotency-Key's claim is taken for that of a dead process (shared.http.idempotency)
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
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

SAMPLE = "tests.kernel.sample"


@dataclass(frozen=True)
class Point:
    """A place to die: before or after a call of a seam (module:owner.name), perhaps only while doing something."""

    when: Literal["before", "after"]
    seam: str
    doing: str = ""


DOING = {
    "shared.consuming.applying:Applier.run_transaction": "consumer",
    "shared.http.router:command": "command",
    "shared.storage.group_commit:GroupCommit.answer_one": "command",
    "shared.storage.group_commit:GroupCommit.answer_all": "group",
}
"""What a process can be in the middle of, where a seam has several users."""

POINTS = {
    # A batch of records: it was fetched; its transaction handled the first event; it wrote everything;
    # it is committed; Kafka is about to be told the offsets; Kafka was told.
    "consumer.before-transaction": Point(
        "before", "shared.consuming.applying:Applier.run_transaction"
    ),
    "consumer.inside-transaction": Point(
        "after", "shared.consuming.applying:Applier.handle_record"
    ),
    "consumer.before-commit": Point("before", "shared.storage.database:commit", "consumer"),
    "consumer.after-commit": Point("after", "shared.storage.database:commit", "consumer"),
    "consumer.before-offsets": Point("before", "aiokafka:AIOKafkaConsumer.commit"),
    "consumer.after-offsets": Point("after", "aiokafka:AIOKafkaConsumer.commit"),
    # The outbox: a page is about to be sent; its first event is with the producer; Kafka has it and its answer
    # was not read; it is acknowledged and still in the outbox; it is deleted.
    "relay.before-send": Point("before", "shared.publishing.relay:Relay.send"),
    "relay.half-sent": Point("after", "aiokafka:AIOKafkaProducer.send"),
    "relay.sent-not-acknowledged": Point(
        "before", "aiokafka.producer.sender:SendProduceReqHandler.handle_response"
    ),
    "relay.acknowledged-before-delete": Point("before", "shared.publishing.relay:Relay.forget"),
    "relay.after-delete": Point("after", "shared.publishing.relay:Relay.forget"),
    # A command: everything is written and nothing committed; it is committed and not answered.
    "command.before-commit": Point("before", "shared.storage.database:commit", "command"),
    "command.after-commit": Point("after", "shared.storage.database:commit", "command"),
    # Several commands in one transaction: one of them has run; all are written; all are committed and none answered.
    "group.between-commands": Point("after", "shared.storage.unit_of_work:Transaction.absorb"),
    "group.before-commit": Point("before", "shared.storage.database:commit", "group"),
    "group.after-commit": Point("after", "shared.storage.database:commit", "group"),
}
"""Every crash point. To add one, name its seam: a function or a method, awaited or not."""

_doing: ContextVar[str] = ContextVar("doing", default="")


@dataclass
class Order:
    """What is to happen at a point, when it is reached for the `left`-th time from now."""

    point: str = ""
    left: int = 1
    signal: str = "SIGKILL"
    pid: int = 0

    @classmethod
    def parse(cls, text: str) -> "Order":
        point, nth, name, pid, *_ = [*text.split(), *[""] * 4]
        if point and point not in POINTS:
            raise ValueError(f"there is no crash point {point}")
        return cls(point, int(nth or 1), name or "SIGKILL", int(pid or 0))

    def reached(self, point: str) -> None:
        """Written down first: who dies tells nobody afterwards."""
        if point != self.point:
            return
        self.left -= 1
        if self.left:
            return
        if file := os.environ.get("COPSE_CRASHES"):
            log = os.open(file, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
            os.write(log, f"{point} {self.signal} {os.getpid()}\n".encode())
            os.close(log)
        os.kill(self.pid or os.getpid(), signal.Signals[self.signal])


_order = Order()


def carry_out(order: Order) -> None:
    global _order  # noqa: PLW0603
    _order = order


def install() -> None:
    """Let every point be watched."""
    for seam, what in DOING.items():
        wrap(seam, lambda original, what=what: within(original, lambda: _marked(what)))
    for name, point in POINTS.items():
        wrap(point.seam, lambda original, args=(name, point): within(original, _watch(*args)))


def _watch(name: str, point: Point) -> Callable[[], AbstractContextManager[None]]:
    @contextmanager
    def watched() -> Generator[None]:
        here = point.doing in ("", _doing.get())
        if here and point.when == "before":
            _order.reached(name)
        yield
        if here and point.when == "after":
            _order.reached(name)

    return watched


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
    """Be told what to do and when to die; serve."""
    told = os.environ
    install()
    carry_out(Order.parse(told.get("COPSE_CRASH_AT", "")))
    if file := told.get("COPSE_ORDERS"):
        signal.signal(signal.SIGUSR1, lambda *_: carry_out(Order.parse(Path(file).read_text())))
    if bug := told.get("COPSE_BUG"):
        importlib.import_module("tests.faults.bugs").BUGS[bug]()
    if seconds := told.get("COPSE_CLAIM_SECONDS"):
        replies = importlib.import_module("shared.http.idempotency")
        replies.CLAIM = timedelta(seconds=float(seconds))
    module = SAMPLE if service == "sample" else f"services.{service}.app"
    wired = importlib.import_module(module).service
    importlib.import_module("shared.runtime.serve").run(wired)


if __name__ == "__main__":
    # Under its own name, not as __main__: bugs and tests import this module too.
    importlib.import_module("tests.faults.build").main(sys.argv[1])
