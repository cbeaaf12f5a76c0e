"""A record of Kafka as a person reads it: CloudEvents of both modes, and what is none with the reason."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from shared.contracts import EVENTS
from shared.events.cloudevents import TYPE_HEADER, Envelope, read, structured
from shared.events.event import Document

WANTED: dict[str, Any] = {**EVENTS, "*": Any}


@dataclass(frozen=True)
class Readable:
    """A record, the event in it where there is one, and else why there is none."""

    topic: str
    partition: int
    offset: int
    at: datetime
    key: str | None
    type: str | None
    event: Document | None  # attributes and data, as they were sent
    value: str | None  # what came instead of an event
    unreadable: str | None  # why services would set it aside

    def as_json(self) -> Document:
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in kept.items() if value is not None or name == "key"}

    def as_line(self) -> str:
        """when  where  type  key  data."""
        when = self.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        what = self.type or "-"
        place = f"{self.topic}:{self.partition}:{self.offset}"
        if self.unreadable:
            return f"{when}  {place}  UNREADABLE {what}  {self.key}  {self.unreadable}"
        data = json.dumps((self.event or {}).get("data"), ensure_ascii=False)
        return f"{when}  {place}  {what}  {self.key}  {data}"


def readable(record: Any) -> Readable:
    """Never raises: whatever is on a topic can be shown."""
    headers = [(name, content or b"") for name, content in record.headers]
    verdict = read(record.value, headers, WANTED)
    event = _event(record.value, headers)
    good = isinstance(verdict, Envelope)
    reason = None if good else "a tombstone" if not record.value else getattr(verdict, "reason", "")
    return Readable(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        at=datetime.fromtimestamp(max(0, record.timestamp) / 1000, UTC),
        key=None if record.key is None else record.key.decode(errors="backslashreplace"),
        type=verdict.type if isinstance(verdict, Envelope) else _type(event, headers),
        event=event if good else None,
        value=None if good else text(record.value),
        unreadable=reason,
    )


def _event(value: bytes | None, headers: list[tuple[str, bytes]]) -> Document | None:
    """The event as it was sent, in structured form; extra fields included."""
    names = {name.lower(): content.decode(errors="backslashreplace") for name, content in headers}
    try:
        body: Any = json.loads(structured(value, names))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return cast("Document", body) if isinstance(body, dict) else None


def _type(event: Document | None, headers: list[tuple[str, bytes]]) -> str | None:
    named = dict(headers).get("ce_type") or dict(headers).get(TYPE_HEADER)
    kind = named.decode(errors="backslashreplace") if named else (event or {}).get("type")
    return kind if isinstance(kind, str) else None


def text(value: bytes | None) -> str | None:
    """Text as it is; anything else as base64."""
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(value).decode()


def indented(value: str | None) -> str:
    """JSON in lines; anything else as it is."""
    try:
        return json.dumps(json.loads(value or ""), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return value or "(no value)"
