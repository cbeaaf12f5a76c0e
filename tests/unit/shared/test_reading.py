"""Whatever bytes come: the parser answers, and never raises; what was written is read as it was meant."""

import gc
import json
import resource
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from shared.consuming.record import read_on_topic
from shared.events.cloudevents import (
    ID_HEADER,
    STRUCTURED,
    TYPE_HEADER,
    UNREADABLE,
    Envelope,
    Origin,
    Unreadable,
    read,
    write,
)
from shared.events.event import Event
from shared.types.fields import Texts

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, 10**400, -(2**63) - 1]))
values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class NoteEvent(Event, topic="reading.notes", key="note_id"):
    note_id: str


class Noted(NoteEvent):
    """Something was noted."""

    words: str
    stars: int = 0
    labels: Texts = ()
    at: datetime | None = None
    more: dict[str, str] = Field(default_factory=dict)


WANTED: dict[str, type[Any]] = {Noted.type: Noted}
EVERYTHING: dict[str, type[Any]] = {**WANTED, "*": Any}
names = st.sampled_from(
    [
        *("content-type", "ce_type", "CE_TYPE", "ce_id", "ce_time", "ce_", "traceparent", ""),
        *(TYPE_HEADER, ID_HEADER, UNREADABLE),
    ]
)
texts = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([Noted.type.encode(), STRUCTURED.encode(), b"application/json", b"x.v2"]),
)
attributes = st.sampled_from(
    [
        *("specversion", "id", "type", "source", "subject", "time", "sequence", "traceparent"),
        *("correlationid", "causationid", "data", "datacontenttype", "partitionkey", "odd"),
    ]
)


def an_event(**changes: Any) -> dict[str, Any]:
    usual = {
        "specversion": "1.0",
        "id": "1",
        "type": Noted.type,
        "source": "/reading",
        "data": {"note_id": "n1", "words": "so it is"},
    }
    return usual | changes


changed = st.dictionaries(attributes, values, max_size=4).map(lambda changes: an_event(**changes))
bodies = st.one_of(
    st.none(),
    st.binary(max_size=300),
    values.map(lambda value: json.dumps(value).encode()),
    changed.map(lambda event: json.dumps(event).encode()),
    st.tuples(changed, st.integers(0, 400), st.binary(max_size=3)).map(
        lambda cut: json.dumps(cut[0]).encode()[: cut[1]] + cut[2]
    ),
)


@settings(deadline=None)
@given(body=bodies, headers=st.lists(st.tuples(names, texts), max_size=5))
def test_no_record_ever_raises(body: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    for wanted in (WANTED, EVERYTHING, {}):
        found = read(body, headers, wanted)
        if isinstance(found, Unreadable):
            assert 0 < len(found.reason) <= 500
        elif isinstance(found, Envelope):
            assert found.type in wanted or "*" in wanted
            assert found.sequence is None or 0 <= found.sequence < 2**63
            assert (found.traceparent or TRACE).isascii()
            assert len(found.correlationid or "") <= 500
            orjson.dumps(found.model_dump(mode="json", exclude={"data"}))
        else:
            assert found is None
            assert "*" not in wanted


notes = st.builds(
    Noted,
    note_id=text,
    words=text,
    stars=st.integers(-(2**63), 2**64 - 1),
    labels=st.lists(text, max_size=3).map(tuple),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
    more=st.dictionaries(text, text, max_size=3),
)


@settings(deadline=None)
@given(note=notes, sequence=st.integers(0, 2**63 - 1), causation=st.none() | text)
def test_what_is_written_is_read_as_it_was_meant(
    note: Noted, sequence: int, causation: str | None
) -> None:
    origin = Origin("/reading", TRACE, "first", causation)
    record = write(note, sequence, origin)
    for headers in (record["headers"], []):
        found = read(record["value"], headers, WANTED)
        assert isinstance(found, Envelope), found
        assert found.data == note
        assert (found.id, found.source, found.sequence) == (record["_id"], "/reading", sequence)
        assert (found.traceparent, found.correlationid) == (TRACE, "first")
        assert (found.subject, found.causationid or None) == (note.note_id, causation or None)


@settings(deadline=None)
@given(note=notes)
def test_binary_mode_says_the_same_as_structured_mode(note: Noted) -> None:
    record = write(note, 7, Origin("/reading"))
    event = json.loads(record["value"])
    named = {n: v for n, v in event.items() if n not in ("data", "subject", "partitionkey")}
    headers = [(f"ce_{n}", str(v).encode()) for n, v in named.items()]
    data = orjson.dumps(event["data"]) if note.stars >= -(2**63) else b""
    structured, binary = (
        read(record["value"], record["headers"], WANTED),
        read(data, [*headers, ("content-type", b"application/json")], WANTED),
    )
    assert isinstance(structured, Envelope)
    assert isinstance(binary, Envelope)
    assert binary.data == structured.data
    assert (binary.id, binary.time) == (structured.id, structured.time)


def structured(event: dict[str, Any]) -> tuple[bytes, list[tuple[str, bytes]]]:
    headers = [("ce_type", event["type"].encode()), ("content-type", STRUCTURED.encode())]
    return json.dumps(event).encode(), headers


def test_headers_of_others_may_be_any_bytes() -> None:
    value, _ = structured(an_event())
    for name in ("b3", "x-datadog", "__TypeId__", "\\xff"):
        assert isinstance(read(value, [(name, b"\xff\xfe")], WANTED), Envelope)
    assert isinstance(read(value, [("ce_type", b"\xff")], WANTED), Unreadable)


def test_more_headers_than_anybody_needs_are_refused() -> None:
    value, _ = structured(an_event())
    assert isinstance(read(value, [("a", b"")] * 1_000, WANTED), Envelope)
    assert "more than 1000 headers" in str(read(value, [("a", b"")] * 1_001, WANTED))


def test_a_record_that_stands_in_for_another_says_why() -> None:
    found = read(b"\0\1\2", [(UNREADABLE, b"the batch cannot be unpacked")], WANTED)
    assert found == Unreadable("not a CloudEvent: the batch cannot be unpacked")


@pytest.mark.parametrize("long", ["9" * 900_000, "²" * 400_000])
def test_no_reason_is_as_long_as_what_it_is_about(long: str) -> None:
    kind = Noted.type.rpartition(".v")[0] + ".v" + long
    found = read(json.dumps(an_event(type=kind)).encode(), [], WANTED)
    assert isinstance(found, Unreadable)
    assert len(found.reason) <= 500


def test_a_megabyte_of_wrong_values_costs_no_hundred_megabytes() -> None:
    data = {"note_id": "n", "words": "w", "labels": [1] * 400_000}
    value = json.dumps(an_event(data=data), separators=(",", ":")).encode()
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert read(value, [], WANTED) == Unreadable("data.labels.0: Input should be a valid string")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


def test_an_event_of_a_contract_counts_on_its_own_topic_alone() -> None:
    value, headers = structured(an_event())
    assert isinstance(read_on_topic("reading.notes", value, headers, WANTED), Envelope)
    found = read_on_topic("external.events", value, headers, WANTED)
    assert found == Unreadable(f"type: {Noted.type} belongs on the topic reading.notes")
    stranger = an_event(type="org.example.Thing.v1", data={"a": 1})
    assert isinstance(read_on_topic("external.events", *structured(stranger), EVERYTHING), Envelope)


@pytest.mark.parametrize("name", ["correlationid", "causationid", "traceparent"])
def test_what_would_be_repeated_everywhere_is_as_meant_or_nothing(name: str) -> None:
    for odd in ("x" * 501, 7, {}, [], True):
        found = read(*structured(an_event(**{name: odd})), WANTED)
        assert isinstance(found, Envelope)
        assert getattr(found, name) is None
