"""Notifications with a channel beside mail, added from here: what is said to its readers hangs on a board.

It is all that a second channel takes: the two classes that `delivery.channel` describes, and a service composed with it.
"""

import time
from dataclasses import dataclass
from datetime import datetime

from services.notifications.app import reaching_people_by
from services.notifications.delivery.channel import Away, Sent
from services.notifications.delivery.mail import Mail
from services.notifications.delivery.model import Pending
from services.notifications.settings import NotificationSettings

READERS = frozenset({"bob", "bea"})


@dataclass(frozen=True)
class Sheet:
    """What is pinned to the board."""

    reader: str
    text: str


class Wall:
    """The server of this channel, so to say: it may be away, or fall down when something was pinned to it."""

    def __init__(self) -> None:
        self.pinned: list[Sheet] = []
        self.is_away = False
        self.falls = False

    def clear(self) -> None:
        self.pinned.clear()
        self.is_away = self.falls = False


wall = Wall()


class Hand:
    """A connection to the wall."""

    def __init__(self) -> None:
        self.used_at = time.monotonic()
        self.is_open = False
        self.on_its_way = False

    async def open(self) -> None:
        if wall.is_away:
            raise Away("nobody lets us in")
        self.is_open = True

    async def send(self, ready: Sheet, *, until: float) -> Sent:
        self.used_at, self.on_its_way = time.monotonic(), True
        wall.pinned.append(ready)
        if wall.falls:
            return self.break_off("the wall fell down")
        self.on_its_way = False
        return Sent("sent", "it hangs")

    def break_off(self, why: str) -> Sent:
        self.is_open = False
        return Sent("unknown" if self.on_its_way else "broken", why)

    async def quit(self) -> None:
        self.is_open = False


class Board:
    """The channel."""

    name = "board"
    connections = 2
    lease_seconds = 60.0

    def __init__(self, _: NotificationSettings) -> None:
        pass

    def reaches(self, pending: Pending) -> bool:
        return pending.notification.person_id in READERS

    def prepare(self, pending: Pending, at: datetime) -> Sheet:
        message = pending.message()
        text = f"{message.subject}: {message.action_url} ({at:%Y})"
        return Sheet(pending.notification.person_id, text)

    def connect(self) -> Hand:
        return Hand()


service = reaching_people_by(Board, Mail)
