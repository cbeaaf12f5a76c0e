"""What a record looks like, for AsyncAPI: headers, key and value in CloudEvents' two modes."""

from typing import Literal

from deploy.docs import system
from shared.events.cloudevents import ID_HEADER, STRUCTURED, TYPE_HEADER
from shared.events.event import Document, Event

BINDING = "0.5.0"
TEXT: Document = {"type": "string"}
ID: Document = {"type": "string", "minLength": 1, "maxLength": 200}
MOMENT: Document = {"type": "string", "format": "date-time"}
TRACE: Document = {"type": "string", "description": "W3C Trace Context."}
ATTRIBUTES: Document = {
    "specversion": {"type": "string", "const": "1.0"},
    "id": ID
    | {"description": "With `source` it makes the event one event: send it again with the same."},
    "type": ID,
    "source": {"type": "string", "minLength": 1, "maxLength": 500, "format": "uri-reference"},
    "subject": {"type": "string", "description": "What the event is about; the record's key."},
    "time": MOMENT,
    "datacontenttype": {"type": "string", "const": "application/json"},
    "dataschema": {"type": "string", "format": "uri"},
    "partitionkey": {"type": "string", "description": "The record's key."},
    "sequence": {"type": "string", "description": "Orders the events of one key; sorts as text."},
    "correlationid": {
        "type": "string",
        "description": "The same for all that follows from one command.",
    },
    "causationid": {
        "type": "string",
        "description": "The id of the event that this one follows from.",
    },
    "traceparent": TRACE,
}
ANY_DATA: Document = {
    "description": "Anything, or nothing; a JSON object where a rule is to tell people of it."
}
ERRORS = {
    "x-error-reason": "What was wrong.",
    "x-error-service": "Who could not work on it.",
    "x-error-fingerprint": "The same for the same kind of failure; replay by it.",
    "x-error-attempts": "How often it was tried again.",
    "x-error-position": "Where it came from: topic:partition:offset; the id to replay it by.",
    "x-error-truncated": "Its size in bytes, where the value was too large to repeat whole.",
    "x-error-headers-left-out": "Their size in bytes, where its headers were too large to repeat.",
}
SELDOM = {"x-error-truncated", "x-error-headers-left-out"}
NEEDED = ["specversion", "id", "type", "source"]


def structured(event: type[Event], example: Document) -> Document:
    """One record: the whole CloudEvent as its value, and the headers that route it."""
    data = {"$ref": f"#/components/schemas/{event.__name__}"}
    sent = {"content-type": STRUCTURED, ID_HEADER: example["id"], TYPE_HEADER: event.type}
    return _message(event) | {
        "contentType": STRUCTURED,
        "headers": {"$ref": "#/components/schemas/StructuredHeaders"},
        "payload": _holding(_object({"type": _const(event.type), "data": data}, ["data"])),
        "examples": [{"name": event.__name__, "headers": sent, "payload": example}],
    }


def binary(event: type[Event], example: Document) -> Document:
    """One record: the data as its value, the attributes in headers `ce_…`."""
    told = {name: example[name] for name in (*NEEDED, "subject", "time")}
    named = _object({"ce_type": _const(event.type)}, ["ce_type"])
    sent = {"content-type": "application/json", **{f"ce_{name}": told[name] for name in told}}
    return _message(event) | {
        "title": f"{event.__name__}, in binary mode",
        "contentType": "application/json",
        "headers": {
            "allOf": [{"$ref": "#/components/schemas/BinaryHeaders"}, named],
            "type": "object",
        },
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "examples": [{"name": event.__name__, "headers": sent, "payload": example["data"]}],
    }


def foreign(mode: Literal["structured", "binary"]) -> Document:
    """Any CloudEvent; what happens with it is told by a rule of notifications."""
    about: Document = {
        "name": "ForeignEvent",
        "title": f"Any event of another system, in {mode} mode",
        "summary": "Any CloudEvent 1.0; rules say who is told of it.",
        "bindings": _bindings("The event's `subject`; events of one key keep their order."),
    }
    if mode == "structured":
        headers = {"$ref": "#/components/schemas/StructuredHeaders"}
        payload = _holding(_object({"data": ANY_DATA}, []))
        return about | {"contentType": STRUCTURED, "headers": headers, "payload": payload}
    headers = {"$ref": "#/components/schemas/BinaryHeaders"}
    return about | {"contentType": "application/json", "headers": headers, "payload": ANY_DATA}


def common() -> dict[str, Document]:
    """The parts that all messages share."""
    return {
        "CloudEvent": _object(ATTRIBUTES, NEEDED),
        "StructuredHeaders": _object(
            {
                "content-type": _const(STRUCTURED),
                ID_HEADER: ID,
                TYPE_HEADER: ID,
                "traceparent": TRACE,
            },
            ["content-type"],
        ),
        "BinaryHeaders": _object(
            {
                "content-type": _const("application/json"),
                **{f"ce_{name}": part for name, part in ATTRIBUTES.items()},
            },
            [f"ce_{name}" for name in NEEDED],
        ),
    }


def dead_letter() -> Document:
    """A record as it came, and why it was set aside."""
    errors = {name: {"type": "string", "description": what} for name, what in ERRORS.items()}
    return {
        "name": "DeadLetter",
        "title": "An event that could not be worked on",
        "summary": "Key, value and headers as they came; `x-error-*` headers say why.",
        "contentType": "application/octet-stream",
        "headers": _object(errors, [name for name in errors if name not in SELDOM]),
        "payload": {},
        "bindings": _bindings("The key that the record came with."),
    }


def _message(event: type[Event]) -> Document:
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": system.doc(event),
        "correlationId": {"location": "$message.payload#/correlationid"},
        "bindings": _bindings(f"`{event.key_field}`: events of one key keep their order."),
    }


def _bindings(key: str) -> Document:
    return {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": BINDING}}


def _holding(data: Document) -> Document:
    return {"allOf": [{"$ref": "#/components/schemas/CloudEvent"}, data]}


def _const(value: str) -> Document:
    return {"type": "string", "const": value}


def _object(properties: Document, required: list[str]) -> Document:
    return {"type": "object", "properties": properties, "required": required}
