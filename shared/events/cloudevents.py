"""CloudEvents 1.0 on the wire: structured out; structured and binary in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Generic, Literal, TypeVar, cast

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from shared.events.event import Document, Event, Headers, new_id
from shared.types.clock import Moment, now
from shared.types.fields import Reference, TraceParent
from shared.types.limits import HEADERS

STRUCTURED = "application/cloudevents+json"
UNREADABLE = "copse-unreadable"  # the header of a record that stands in for one: it says why
LONGEST_REASON = 500  # characters
E = TypeVar("E")


class Envelope(BaseModel, Generic[E]):
    """One CloudEvent as it was received: the context attributes and the data."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: str = Field(min_length=1, max_length=200)
    type: str = Field(min_length=1, max_length=200)
    source: str = Field(min_length=1, max_length=500)
    subject: str | None = None
    time: Moment | None = None
    sequence: int | None = None
    traceparent: TraceParent = None
    correlationid: Reference = None
    causationid: Reference = None
    data: E

    @field_validator("sequence", mode="before")
    @classmethod
    def _a_number_or_nothing(cls, value: object) -> int | None:
        """Other systems may number by another scheme; only whole numbers order an aggregate here."""
        text = str(value)
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
        return number if number is not None and number < 2**63 else None

    @property
    def identity(self) -> str:
        """What makes an event one event: source and id together (CloudEvents 1.0, section 3.1)."""
        return f"{self.source}#{self.id}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is no event we can take, and why."""

    reason: str


def read(
    value: bytes | None, headers: Iterable[tuple[str, bytes]], wanted: Mapping[str, "type[Any]"]
) -> "Envelope[Any] | Unreadable | None":
    """Turn a record into an event of a wanted type. Never raises.

    `wanted` maps a type to its model; a model under "*" takes every other type. None stands for a
    type nobody wants; a major version nobody knows, of a type somebody wants, is Unreadable.
    """
    try:
        names = _of_events(headers)
        if trouble := names.get(UNREADABLE):
            raise ValueError(trouble)
        if not value:
            raise ValueError("the record has no value")
        binary = "ce_type" in names and not names.get("content-type", "").startswith(STRUCTURED)
        type_name = names.get("ce_type") or _type_within(value)
        model = _model(type_name, wanted)
        if model is None:
            return None
        if binary:
            attributes = {n[3:]: text for n, text in names.items() if n.startswith("ce_")}
            value = orjson.dumps({**attributes, "data": orjson.loads(value)})
        envelope = _envelope(model).model_validate_json(value, extra="ignore")
        if envelope.type != type_name:
            raise ValueError(f"the header ce_type says {type_name}, the event says {envelope.type}")
        return envelope
    except _UnknownMajor as error:
        return Unreadable(str(error)[:LONGEST_REASON])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the event"
        return Unreadable(f"{field}: {first['msg']}"[:LONGEST_REASON])
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        return Unreadable(f"not a CloudEvent: {error}"[:LONGEST_REASON])


class _UnknownMajor(Exception):
    pass


def _of_events(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """The headers that CloudEvents knows; what others say is none of ours, and may be any bytes."""
    texts: dict[str, str] = {}
    for count, (name, text) in enumerate(headers, 1):
        if count > HEADERS:
            raise ValueError(f"it has more than {HEADERS} headers")
        lower_name = name.lower()
        if lower_name in ("content-type", UNREADABLE) or lower_name.startswith("ce_"):
            texts[lower_name] = text.decode()
    return texts


def _model(type_name: str, wanted: Mapping[str, "type[Any]"]) -> "type[Any] | None":
    if model := wanted.get(type_name):
        return model
    stem, _, major = type_name.rpartition(".v")
    if (
        major.isdigit()
        and stem
        and any(known_type.rpartition(".v")[0] == stem for known_type in wanted)
    ):
        raise _UnknownMajor(f"type: version v{major} of {stem} is not known here")
    return wanted.get("*")


def _type_within(value: bytes) -> str:
    body: Any = orjson.loads(value)
    type_name = cast("Document", body).get("type") if isinstance(body, dict) else None
    if not isinstance(type_name, str):
        raise ValueError("it has no attribute `type`")
    return type_name


@cache
def _envelope(model: "type[Any]") -> "type[Envelope[Any]]":
    return Envelope[model]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event comes from: the service, and what it follows from."""

    source: str
    traceparent: str | None = None
    correlationid: str | None = None
    causationid: str | None = None


@cache
def _of_the_type(event_type: type[Event]) -> tuple[Document, Headers]:
    """The attributes and headers that all events of a type have in common."""
    attributes: Document = {
        "specversion": "1.0",
        "type": event_type.type,
        "datacontenttype": "application/json",
        "dataschema": f"/contracts/{event_type.type}",
    }
    return attributes, [
        ("content-type", STRUCTURED.encode()),
        ("ce_type", event_type.type.encode()),
    ]


def write(event: Event, sequence: int, origin: Origin, at: datetime | None = None) -> Document:
    """The outbox document of an event: one structured CloudEvent, and the headers that route it."""
    event_id, moment, key = new_id(), at or now(), event.key
    attributes, headers = _of_the_type(type(event))
    headers = [*headers, ("ce_id", event_id.encode())]
    attributes = {
        **attributes,
        "id": event_id,
        "source": origin.source,
        "subject": key,
        "partitionkey": key,
        "time": moment,
        "sequence": f"{sequence:019d}",  # sorts as text, as the extension asks
        "correlationid": origin.correlationid or event_id,
        "data": orjson.Fragment(event.model_dump_json()),
    }
    if origin.traceparent:
        attributes["traceparent"] = origin.traceparent
        headers.append(("traceparent", origin.traceparent.encode()))
    if origin.causationid:
        attributes["causationid"] = origin.causationid
    return {
        "_id": event_id,
        "topic": event.topic,
        "key": key,
        "seq": sequence,
        "at": moment,
        "value": orjson.dumps(attributes),
        "headers": headers,
    }
