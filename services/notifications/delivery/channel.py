"""What a way to reach people outside Copse must be able to do: mail is one, and others are added beside it.

A `Sender` claims, leases, records and waits, the same for every channel; a channel makes its messages and has connections.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from services.notifications.delivery.model import Outcome, Pending
from services.notifications.settings import NotificationSettings

Ready_contra = TypeVar("Ready_contra", contravariant=True)
Ready = TypeVar("Ready")
TOO_LONG = "the server took too long"


class Away(Exception):
    """A channel's server cannot be reached, or does not admit us; no message is to blame."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How an attempt ended, in the server's words."""

    outcome: Outcome | Literal["away"]
    detail: str


class Connection(Protocol[Ready_contra]):
    """A way to a channel's server, used for one message at a time and kept between them."""

    used_at: float
    """By the monotonic clock; one that was idle for long is ended."""

    @property
    def is_open(self) -> bool: ...

    async def open(self) -> None:
        """Be connected, anew if need be. Raises Away; it comes before a claim, so that this costs no message anything."""

    async def send(self, ready: Ready_contra, *, until: float) -> Sent:
        """Send a message once; never raises for what the server does, or the line.

        `unknown` where it may have left and no answer came. Nothing of it leaves after `until`, by the monotonic clock.
        """
        ...

    def break_off(self, why: str) -> Sent:
        """End an attempt without the server's answer: `unknown` if the message was on its way, else `broken`."""
        ...

    async def quit(self) -> None:
        """End the connection politely; never raises."""


class Channel(Protocol[Ready]):
    """A way to reach people."""

    @property
    def name(self) -> str:
        """What it is called in a notification's document; it stays the same for ever."""
        ...

    @property
    def connections(self) -> int:
        """How many messages are on their way at once, so of how many nobody knows the end after a kill, at most."""
        ...

    @property
    def lease_seconds(self) -> float:
        """How long an attempt may take; it is ended after half of that."""
        ...

    def reaches(self, pending: Pending) -> bool:
        """Whether it is the one for this person and notification. The first channel that says so delivers."""
        ...

    def prepare(self, pending: Pending, at: datetime) -> Ready:
        """The message, ready to go. Undeliverable if it must wait or never can; Problem if it cannot be worded."""
        ...

    def connect(self) -> Connection[Ready]:
        """A connection that is not open yet."""
        ...


ChannelKind = Callable[[NotificationSettings], Channel[Any]]
"""A channel that is made from the settings when the service starts."""
