"""What all events of the contracts have in common, and the table of them."""

import os
import time
from typing import Any, ClassVar, Unpack

from pydantic import BaseModel, ConfigDict

Document = dict[str, Any]
Headers = list[tuple[str, bytes]]


class Event(BaseModel):
    """A fact that an aggregate's owner publishes. Reading ignores extra fields; writing forbids them.

    A topic's base class names the topic and the field that is its key; each subclass is one event
    type, `copse.<owner>.<ClassName>.v<version>`, and its docstring says what is now true.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    topic: ClassVar[str] = ""
    key_field: ClassVar[str] = ""
    type: ClassVar[str] = ""

    def __init_subclass__(
        cls,
        topic: str = "",
        key: str = "",
        version: int = 1,
        abstract: bool = False,
        **config: Unpack[ConfigDict],
    ) -> None:
        super().__init_subclass__(**config)
        if topic:
            cls.topic, cls.key_field = topic, key
        elif not abstract:
            cls.type = f"copse.{cls.topic.split('.')[0]}.{cls.__name__}.v{version}"
            EVENTS[cls.type] = cls

    @property
    def key(self) -> str:
        return str(getattr(self, self.key_field))


EVENTS: dict[str, type[Event]] = {}
"""Every event type of the contracts that are imported, by its CloudEvents type."""


_spare: list[bytes] = []
os.register_at_fork(after_in_child=_spare.clear)


def _random_bytes() -> bytes:
    """Ten of them. Asked for in bulk: every question lets another thread go first."""
    while True:
        try:
            return _spare.pop()
        except IndexError:
            bulk = os.urandom(10 * 256)
            _spare.extend(bulk[at : at + 10] for at in range(0, len(bulk), 10))


def new_id() -> str:
    """A UUIDv7 (RFC 9562): ids sort by the millisecond they were made in."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(_random_bytes())
    number = number & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62  # version 7, variant 2
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
