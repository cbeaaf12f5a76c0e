"""A record on its way to its handlers: what it holds, what must stay in order, why it is set aside."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bson.errors import BSONError

from shared.errors import Busy, NotFound, Problem, TookTooLong
from shared.events.cloudevents import Envelope, Unreadable, read
from shared.events.event import Event, Headers
from shared.types.limits import KEY_BYTES


@dataclass(slots=True)
class Record:
    """A record as Kafka gave it, and what could be read of it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    envelope: Envelope[Any] | Unreadable | None
    failure_reason: str | None = None
    is_permanent: bool = False
    published_ms: int = 0
    queue: str = field(init=False)
    """What must stay in order: the key; a record without one stands alone."""

    def __post_init__(self) -> None:
        if self.key is None:
            self.queue = f"@{self.offset}"
        elif len(self.key) <= KEY_BYTES:
            self.queue = self.key.decode(errors="backslashreplace")
        else:  # of a garbled record; whole it would fill queries and indexes
            self.queue = f"#{hashlib.sha256(self.key).hexdigest()}"

    def set_aside(self, error: Exception) -> None:
        """Do not handle it; park it with this reason. A refusal is final, all else is tried again."""
        detail = f"{type(error).__name__}: {error}"[:2000].encode(errors="replace").decode()
        self.failure_reason, self.is_permanent = detail, is_final(error)


def is_final(error: Exception) -> bool:
    """Whether trying again would not help: a rule said no, or MongoDB can never hold it.

    NotFound may be a fact still on its way.
    """
    if isinstance(error, Problem):
        return not isinstance(error, NotFound | Busy | TookTooLong)
    return isinstance(error, OverflowError | BSONError)


def read_on_topic(
    topic: str, value: bytes | None, headers: Headers, wanted: Mapping[str, type[Any]]
) -> Envelope[Any] | Unreadable | None:
    """Read a record of a topic; as `read`, never raises.

    An event of a contract counts on its own topic alone: who may write to another is not its owner.
    """
    envelope = read(value, headers, wanted)
    if isinstance(envelope, Envelope):
        data: object = envelope.data
        if isinstance(data, Event) and data.topic != topic:
            return Unreadable(f"type: {envelope.type} belongs on the topic {data.topic}")
    return envelope
