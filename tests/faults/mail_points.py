"""Notifications as it runs, with a place in the middle of a send where it is killed or stopped.

`python -m tests.faults.mail_points`, with COPSE_MAIL_FAULT=<point>[:<nth>[:<SIGKILL|SIGSTOP>]].
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from services.notifications.app import service
from services.notifications.delivery import store
from services.notifications.delivery.mail.smtp import Connection
from services.notifications.telling.store import fan_out
from shared.runtime.serve import run

VARIABLE = "COPSE_MAIL_FAULT"
Hit = Callable[[], None]
Function = Callable[..., Awaitable[Any]]
_END = b"\r\n.\r\n"


def _before(owner: Any, name: str, hit: Hit) -> None:
    usual: Function = getattr(owner, name)

    async def first(*args: Any, **more: Any) -> Any:
        hit()
        return await usual(*args, **more)

    setattr(owner, name, first)


def _after(
    owner: Any, name: str, hit: Hit, when: Callable[..., bool] = lambda *_, **__: True
) -> None:
    usual: Function = getattr(owner, name)

    async def then(*args: Any, **more: Any) -> Any:
        result = await usual(*args, **more)
        if when(result, *args):
            hit()
        return result

    setattr(owner, name, then)


def _with_the_body(hit: Hit, share: float) -> None:
    """When so much of a mail has left the process (0 to 1), and before the server's answer is read."""
    write, read = SMTPProtocol.write, SMTPProtocol.read_response
    kept: dict[SMTPProtocol, bytes] = {}

    def part(self: SMTPProtocol, data: bytes) -> None:
        if data.endswith(_END):
            kept[self] = data[int(len(data) * share) :]
            data = data[: int(len(data) * share)]
        write(self, data)

    async def once_it_left(self: SMTPProtocol, *args: Any, **more: Any) -> Any:
        if (rest := kept.pop(self, None)) is not None:
            assert self.transport
            while self.transport.get_write_buffer_size():  # type: ignore[attr-defined]
                await asyncio.sleep(0.001)
            hit()
            if rest:
                write(self, rest)
        return await read(self, *args, **more)

    SMTPProtocol.write = part  # type: ignore[method-assign]
    SMTPProtocol.read_response = once_it_left  # type: ignore[method-assign]


def _took_one(result: Any, *_: Any) -> bool:
    return result is not None


POINTS: dict[str, Callable[[Hit], None]] = {
    "fan-out-inserted": lambda hit: _after(fan_out, "insert", hit),
    "before-claim": lambda hit: _before(store, "claim", hit),
    "claimed": lambda hit: _after(store, "claim", hit, _took_one),
    "recipient-accepted": lambda hit: _after(aiosmtplib.SMTP, "rcpt", hit),
    "data-accepted": lambda hit: _after(
        aiosmtplib.SMTP, "execute_command", hit, lambda _, __, verb, *___: verb == b"DATA"
    ),
    "in-the-body": lambda hit: _with_the_body(hit, 0.5),
    "body-sent": lambda hit: _with_the_body(hit, 1),
    "answered": lambda hit: _after(
        Connection, "send", hit, lambda sent, *_: sent.outcome == "sent"
    ),
    "recorded": lambda hit: _after(store, "record", hit),
}
"""Every place of a send, in order, and how to be there."""


def arm(fault: str) -> None:
    """Kill or stop this process the nth time it comes to a point."""
    point, _, rest = fault.partition(":")
    nth, _, how = rest.partition(":")
    left = int(nth or 1)

    def hit() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.Signals[how or "SIGKILL"])

    POINTS[point](hit)


if __name__ == "__main__":
    if fault := os.environ.get(VARIABLE):
        arm(fault)
    run(service)
