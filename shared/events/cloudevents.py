"""CloudEvents 1.0 on the wire: structured out; structured and binary in."""

from base64 import b64decode
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
BATCHED = "application/cloudevents-batch+json"
ID_HEADER, TYPE_HEADER = "copse-id", "copse-type"
"""What routes a structured record. Never `ce_…`: to SDKs such a header means binary mode, and some refuse the record."""
UNREADABLE = "copse-unreadable"  # the header of a record that stands in for one: it says why
READ = {"content-type", TYPE_HEADER, UNREADABLE}
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
    data: E = Field(
        default=cast("E", None), validate_default=True
    )  # may be left out, where anything is right

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
        if media_type(names.get("content-type", "")) == BATCHED:
            raise ValueError("batches of events are not read; send each as a record")
        if not value and not is_binary(names):
            raise ValueError("the record has no value")
        type_name = names.get("ce_type") or names.get(TYPE_HEADER) or _type_within(value)
        model = _model(type_name, wanted)
        if model is None:
            return None
        envelope = _envelope(model).model_validate_json(structured(value, names), extra="ignore")
        if envelope.type != type_name:
            raise ValueError(f"its header says that it is {type_name}, the event {envelope.type}")
        return envelope
    except _UnknownMajor as error:
        return Unreadable(str(error)[:LONGEST_REASON])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the event"
        return Unreadable(f"{field}: {first['msg']}"[:LONGEST_REASON])
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        return Unreadable(f"not a CloudEvent: {error}"[:LONGEST_REASON])


def media_type(content_type: str) -> str:
    """A media type without its parameters; case does not matter (RFC 9110, section 8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


def is_binary(names: Mapping[str, str]) -> bool:
    """Whether attributes stand in headers `ce_…` (CloudEvents' Kafka binding, section 3), and data alone in the value."""
    return "ce_type" in names and media_type(names.get("content-type", "")) != STRUCTURED


def structured(value: bytes | None, names: Mapping[str, str]) -> bytes:
    """An event in JSON, whichever way it came. ValueError where it is none."""
    if is_binary(names):
        attributes = {n[3:]: text for n, text in names.items() if n.startswith("ce_")}
        data = _data(value, names.get("content-type", ""))
        return orjson.dumps({**attributes, "data": data})
    body = value or b""
    if b'"data_base64"' not in body:
        return body
    event = cast("Document", orjson.loads(body))
    if isinstance(encoded := event.get("data_base64"), str):
        told = str(event.get("datacontenttype") or "")
        event["data"] = _data(b64decode(encoded, validate=True), told)
    return orjson.dumps(event)


def _data(value: bytes | None, content_type: str) -> Any:
    """Data as JSON where it is some, else as text; nothing for nothing."""
    media = media_type(content_type)
    if not value:
        return None
    if media in ("", "application/json") or media.endswith("+json"):
        return orjson.loads(value)
    return value.decode(errors="replace")


class _UnknownMajor(Exception):
    pass


def _of_events(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """The headers that CloudEvents knows; what others say is none of ours, and may be any bytes."""
    texts: dict[str, str] = {}
    for count, (name, text) in enumerate(headers, 1):
        if count > HEADERS:
            raise ValueError(f"it has more than {HEADERS} headers")
        lower_name = name.lower()
        if lower_name in READ or lower_name.startswith("ce_"):
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


def _type_within(value: bytes | None) -> str:
    body: Any = orjson.loads(value or b"")
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
        "dataschema": f"urn:copse:contract:{event_type.type}",
    }
    return attributes, [
        ("content-type", STRUCTURED.encode()),
        (TYPE_HEADER, event_type.type.encode()),
    ]


def write(event: Event, sequence: int, origin: Origin, at: datetime | None = None) -> Document:
    """The outbox document of an event: one structured CloudEvent, and the headers that route it."""
    event_id, moment, key = new_id(), at or now(), event.key
    attributes, headers = _of_the_type(type(event))
    headers = [*headers, (ID_HEADER, event_id.encode())]
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
