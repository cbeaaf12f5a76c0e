"""CloudEvents from a file, checked as their readers would, and put on their topics."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from aiokafka.errors import KafkaError
from pydantic import ValidationError

from deploy.cli import reach
from deploy.cli.terminal import Wrong, tell
from shared.contracts import EVENTS
from shared.events.cloudevents import ID_HEADER, STRUCTURED, TYPE_HEADER, Envelope
from shared.events.event import Document, Event, Headers, new_id
from shared.types.clock import now

LARGEST = 1_000_000  # bytes of a record; the topics' limit, less what carries it


@dataclass(frozen=True)
class Checked:
    """An event that its readers will take, and where it goes."""

    topic: str
    key: str
    value: bytes
    headers: Headers


def checked(source: str, topic: str | None = None) -> list[Checked]:
    """Every event of the source, right; else Wrong with a line for everything that is not."""
    good: list[Checked] = []
    faults: list[str] = []
    for place, document in _documents(source):
        try:
            good.append(_one(document, topic))
        except ValidationError as error:
            faults += [f"{place}: {fault}" for fault in _faults(error)]
        except ValueError as error:
            faults.append(f"{place}: {error}")
    if faults:
        raise Wrong("\n".join([*faults, "Nothing was published."]))
    if not good:
        raise Wrong("There is no event in it: one JSON document, a list, or one a line.")
    return good


async def publish_all(events: list[Checked]) -> list[str]:
    """Send in this order, and return where each landed: topic:partition:offset."""
    where = reach.settings()
    async with reach.admin(where) as admin:
        there = await reach.topics(admin)
    if missing := {one.topic for one in events} - there.keys():
        raise Wrong(f"There is no topic {', '.join(sorted(missing))}. Nothing was published.")
    async with reach.producer(where) as producer:
        sent = [
            await producer.send(one.topic, one.value, key=one.key.encode(), headers=one.headers)
            for one in events
        ]
        landed = await asyncio.gather(*sent, return_exceptions=True)
    places = [_place(one) for one in landed if not isinstance(one, BaseException)]
    for one in landed:
        if isinstance(one, BaseException):
            tell(f"{len(places)} of {len(landed)} were published.")
            raise KafkaError(repr(one))
    return places


def _place(landed: Any) -> str:
    return f"{landed.topic}:{landed.partition}:{landed.offset}"


def _documents(source: str) -> Iterator[tuple[str, Any]]:
    """Each document with its place in the source: a whole one, a list, or a line each."""
    try:
        whole: Any = json.loads(source)
    except ValueError:
        yield from _lines(source)
        return
    if isinstance(whole, list):
        for number, one in enumerate(cast("list[Any]", whole), 1):
            yield f"event {number}", one
    else:
        yield "the event", whole


def _lines(source: str) -> Iterator[tuple[str, Any]]:
    for number, text in enumerate(source.splitlines(), 1):
        if text.strip():
            try:
                yield f"line {number}", json.loads(text)
            except ValueError as error:
                raise Wrong(f"line {number} is no JSON: {error}. Nothing was published.") from None


def _one(document: Any, topic: str | None) -> Checked:
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")
    attributes = {"specversion": "1.0", "id": new_id(), "time": now().isoformat()}
    event: Document = attributes | cast("Document", document)
    kind = event.get("type")
    contract = EVENTS.get(kind) if isinstance(kind, str) else None
    if contract is None and isinstance(kind, str):
        _known_major(kind)
    envelope = Envelope[contract or Any].model_validate_json(json.dumps(event), extra="ignore")
    if contract:
        # What the house writes has no fields that its contract does not know; a misspelt one is found.
        contract.model_validate_json(json.dumps(event["data"]), extra="forbid")
    target = topic or (contract.topic if contract else None)
    if target is None:
        raise ValueError(f"no contract says where {kind} goes: name its --topic")
    if contract and target not in (contract.topic, f"{contract.topic}.dead"):
        raise ValueError(f"type: {kind} belongs on {contract.topic}, not on {target}")
    key = _key(event, envelope.data if contract else None)
    value = json.dumps({**event, "partitionkey": key}, ensure_ascii=False).encode()
    if len(value) > LARGEST:
        raise ValueError(f"it has {len(value)} bytes; {LARGEST} is the most a topic takes")
    headers = {"content-type": STRUCTURED, ID_HEADER: envelope.id, TYPE_HEADER: envelope.type}
    if envelope.traceparent:
        headers["traceparent"] = envelope.traceparent
    return Checked(target, key, value, [(name, text.encode()) for name, text in headers.items()])


def _known_major(kind: str) -> None:
    stem, _, major = kind.rpartition(".v")
    known = [one for one in EVENTS if one.rpartition(".v")[0] == stem]
    if major.isdigit() and known:
        raise ValueError(f"type: {kind} is not known; there is {', '.join(known)}")


def _key(event: Document, data: Event | None) -> str:
    """The record's key: its contract's field, else `partitionkey` or `subject`."""
    named = event.get("partitionkey") or event.get("subject")
    if isinstance(data, Event):
        if named not in (None, data.key):
            raise ValueError(
                f"partitionkey, subject: {named!r} is not the data's {data.key_field}, {data.key!r}"
            )
        return data.key
    if not isinstance(named, str):
        raise ValueError("it needs a `subject` or a `partitionkey`: the record's key")
    return named


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in fault["loc"]) or "the event"
        inside = error.title != "Envelope" and not error.title.startswith("Envelope[")
        yield f"{'data.' if inside else ''}{where}: {fault['msg']}"
