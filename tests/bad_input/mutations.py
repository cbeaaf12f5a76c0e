"""Ways to spoil an event: each takes a good one and gives the record that a fault would have made of it."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import cramjam

from shared.contracts.membership import PersonChanged, PersonRegistered
from shared.contracts.scheduling import SeatTaken
from shared.events import EVENTS
from tests.bad_input.golden import Document, Good
from tests.bad_input.raw import Header, RawRecord

Mutation = Callable[[Good, Random], RawRecord]
MUTATIONS: dict[str, Mutation] = {}
SKIPPED = frozenset({"unknown type"})
"""After these nobody who does not listen to everything minds the record."""
PARKED = frozenset(
    {
        *("truncated", "tombstone", "empty value", "no json object", "compressed value"),
        *("unknown major", "of another topic", "not a text encoding"),
        *("lone surrogate", "too many headers", "header says another type", "random bytes"),
    }
)
"""After these a record is certainly no event of a type that one handles."""
RARE = frozenset(
    {
        "a megabyte of text",
        "an id of a megabyte",
        "too many headers",
        "deeply nested",
        "a megabyte of the wrong kind",
    }
)
"""These are large, so there are few of them."""
MEGABYTE = 900_000
WRONG: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**53, 2**63, -(2**63) - 1, 10**40, 1.5, 1e308, "", "\x00", "x", "2027"),
    *(
        [],
        [None],
        {},
        {"$gt": ""},
        {"a.b": 1},
        [[[]]],
        "’; drop table people",
        "\r\nBcc: eve@example.org",
    ),
)
TIMES: tuple[Any, ...] = (
    *(
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "2027-03-09T14:00:00",
        "2027-02-30T14:00:00Z",
    ),
    *(
        "-2027-03-09T14:00:00Z",
        "1e400",
        "now",
        0,
        -1,
        2**63,
        1e300,
        True,
        [],
        "2027-03-09T14:00:00+99:99",
    ),
    *("8999-12-31T23:59:59-23:59", "1900-01-01T00:00:00+23:59", "2027-03-09T14:00:60Z"),
)
SEQUENCES: tuple[Any, ...] = (
    *(
        -1,
        0,
        2**63,
        2**63 - 1,
        10**30,
        1.5,
        1e300,
        True,
        None,
        "",
        "-1",
        "1e3",
        "²",
        "१२",
        " 7 ",
        "9" * 5_000,
    ),
    *([], {}, "0x1f", "00000000000000000000000000000001"),
)
ODD = ("$where", "a.b.c", "$", ".", "__proto__", "data", "\u202e", "_id", "é" * 300, "seen.x", " ")


def mutation(name: str) -> Callable[[Mutation], Mutation]:
    def register(mutate: Mutation) -> Mutation:
        MUTATIONS[name] = mutate
        return mutate

    return register


def said(good: Good, event: object, *headers: Header) -> RawRecord:
    """The record of a changed event; its headers are those of the good one unless others are given."""
    value = event if isinstance(event, bytes) else json.dumps(event).encode()
    return RawRecord(good.key, value, headers or good.headers)


def places(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document."""
    inner = (
        found.items()
        if isinstance(found, dict)
        else enumerate(found)
        if isinstance(found, list)
        else ()
    )
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


def put(event: Document, path: tuple[Any, ...], value: Any) -> Any:
    """The document with something else at a place."""
    changed: Any = json.loads(json.dumps(event))
    if not path:
        return value
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def ids(event: Document) -> list[str]:
    """The fields of the data that name something."""
    return [name for name in event["data"] if name.endswith("_id")] or [*event["data"]][:1]


@mutation("bytes flipped")
def flip(good: Good, rng: Random) -> RawRecord:
    value = bytearray(good.record.value or b"")
    for _ in range(rng.randint(1, 8)):
        value[rng.randrange(len(value))] ^= rng.randint(1, 255)
    return said(good, bytes(value))


@mutation("truncated")
def truncate(good: Good, rng: Random) -> RawRecord:
    value = good.record.value or b""
    return said(good, value[: rng.randrange(1, len(value))])


@mutation("deeply nested")
def nest(good: Good, rng: Random) -> RawRecord:
    depth, (left, right) = (
        rng.choice([90, 150, 300, 5_000, 140_000]),
        rng.choice([(b"[", b"]"), (b'{"a":', b"}")]),
    )
    inner = left * depth + b"0" + right * depth
    plain = json.dumps(good.event).encode()[:-2]  # within the data
    return said(good, plain + b',"deep":' + inner + b"}}")


@mutation("a huge number")
def huge(good: Good, rng: Random) -> RawRecord:
    numbers = [
        p
        for p in places(good.event["data"])
        if p and not isinstance(_at(good.event["data"], p), dict | list)
    ]
    path = ("data", *rng.choice(numbers))
    number = rng.choice([2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**25, 10**300])
    return said(good, put(good.event, path, number))


@mutation("no number json knows")
def nan(good: Good, rng: Random) -> RawRecord:
    text = json.dumps({**good.event, "data": "here"})
    number = rng.choice(["NaN", "Infinity", "-Infinity", "1e999", "0x10", "01", "1" * 6_000 + "e"])
    return said(good, text.replace('"here"', f'{{"x": {number}}}').encode())


@mutation("another kind of value")
def wrong(good: Good, rng: Random) -> RawRecord:
    return said(good, put(good.event, rng.choice(places(good.event)), rng.choice(WRONG)))


@mutation("a field gone")
def gone(good: Good, rng: Random) -> RawRecord:
    changed = json.loads(json.dumps(good.event))
    path = rng.choice([p for p in places(changed) if p and isinstance(p[-1], str)])
    del _at(changed, path[:-1])[path[-1]]
    return said(good, changed)


@mutation("unknown attributes")
def more(good: Good, rng: Random) -> RawRecord:
    changed = json.loads(json.dumps(good.event))
    for where in (changed, changed["data"]):
        where |= {name: rng.choice(WRONG) for name in rng.sample(ODD, 4) if name != "data"}
    headers = tuple((f"ce_{name}".encode(), b"odd") for name in rng.sample(ODD, 3))
    return said(good, changed, *good.headers, *headers)


@mutation("unknown type")
def unknown(good: Good, rng: Random) -> RawRecord:
    kind = rng.choice(
        ["org.example.Thing.v1", "copse.membership.Nobody.v1", "x", "v2", "copse..v1"]
    )
    event = {**good.event, "type": kind}
    return said(good, event, *Good(event).headers)


@mutation("unknown major")
def major(good: Good, rng: Random) -> RawRecord:
    # Of the type of an event that everybody handles; 400 digits are still a number.
    event = {
        **good.event,
        "type": "copse.membership.MemberJoined.v" + rng.choice(["2", "0", "9" * 150]),
    }
    return said(good, event, *Good(event).headers)


@mutation("duplicated headers")
def twice(good: Good, rng: Random) -> RawRecord:
    headers = [*good.headers, *good.headers, rng.choice(good.headers)]
    headers += [(name.upper(), text) for name, text in good.headers]
    rng.shuffle(headers)
    return replace(good.record, headers=tuple(headers))


@mutation("header says another type")
def disagree(good: Good, rng: Random) -> RawRecord:
    event = {**good.event, "type": "org.example.Thing.v1"}
    return said(good, event, *Good({**event, "type": "copse.membership.MemberJoined.v1"}).headers)


@mutation("header says another id")
def another(good: Good, rng: Random) -> RawRecord:
    headers = tuple((n, b"another" if n == b"ce_id" else t) for n, t in good.headers)
    return replace(good.record, headers=headers)


@mutation("headers that are no text")
def strange(good: Good, rng: Random) -> RawRecord:
    names = (
        rng.randbytes(rng.randint(0, 9)),
        rng.choice([b"ce_type", b"ce_\xff", b"content-type", b"trace"]),
    )
    return replace(good.record, headers=(*good.headers, *((n, rng.randbytes(9)) for n in names)))


@mutation("a key that is no text")
def unkeyed(good: Good, rng: Random) -> RawRecord:
    keys = (None, b"", b"\xff\xfe" + rng.randbytes(4), b"\x00", b"$set", b"a.b", b"x" * 5_000)
    return replace(good.record, key=rng.choice(keys))


@mutation("compressed value")
def compressed(good: Good, rng: Random) -> RawRecord:
    packers = (
        gzip.compress,
        cramjam.zstd.compress,
        cramjam.lz4.compress,
        cramjam.snappy.compress_raw,
    )
    return said(good, bytes(rng.choice(packers)(good.record.value)))


@mutation("tombstone")
def tombstone(good: Good, rng: Random) -> RawRecord:
    return replace(good.record, value=None, headers=rng.choice([(), good.headers]))


@mutation("empty value")
def empty(good: Good, rng: Random) -> RawRecord:
    return replace(good.record, value=b"")


@mutation("a megabyte of text")
def large(good: Good, rng: Random) -> RawRecord:
    data = {**good.event["data"]}
    texts = [name for name, value in data.items() if isinstance(value, str)]
    data[rng.choice(texts)] = rng.choice(["x", "é", "🎉", "<b>"]) * (MEGABYTE // 12)
    return said(good, {**good.event, "data": data})


@mutation("a megabyte of the wrong kind")
def many(good: Good, rng: Random) -> RawRecord:
    item = rng.choice([1, [], {}, ""])
    data = {
        name: [item] * (MEGABYTE // 8) if isinstance(value, list) else value
        for name, value in good.event["data"].items()
    }
    data = data if data != good.event["data"] else {**data, "extra": [item] * (MEGABYTE // 8)}
    return said(good, json.dumps({**good.event, "data": data}, separators=(",", ":")).encode())


@mutation("an id of a megabyte")
def long(good: Good, rng: Random) -> RawRecord:
    id = rng.choice(["x", ".", "$", "\x00"]) * (MEGABYTE // 8)
    where = rng.choice(
        [("id",), ("subject",), ("source",), *(("data", name) for name in ids(good.event))]
    )
    record = said(good, put(good.event, where, id))
    return replace(record, key=rng.choice([record.key, id.encode()]))


@mutation("too many headers")
def headers(good: Good, rng: Random) -> RawRecord:
    return replace(
        good.record, headers=good.headers + ((b"", None),) * rng.choice([1_001, 100_000, 400_000])
    )


@mutation("a name twice")
def same(good: Good, rng: Random) -> RawRecord:
    name = rng.choice([*good.event])
    text = json.dumps(good.event)
    return said(good, f'{text[:-1]}, "{name}": {json.dumps(rng.choice(WRONG))}}}'.encode())


@mutation("another content type")
def content(good: Good, rng: Random) -> RawRecord:
    kinds = (
        "text/plain",
        "application/json",
        "application/avro",
        "",
        "application/cloudevents-batch+json",
        "\x00",
        "é" * 999,
    )
    kind = (b"content-type", rng.choice(kinds).encode())
    return replace(good.record, headers=(kind, *rng.choice([good.headers[1:], ()])))


@mutation("an absurd time")
def time(good: Good, rng: Random) -> RawRecord:
    where = [("time",), *(p for p in places(good.event) if p and str(p[-1]).endswith("_at"))]
    return said(good, put(good.event, rng.choice(where), rng.choice(TIMES)))


@mutation("an absurd sequence")
def sequence(good: Good, rng: Random) -> RawRecord:
    return said(good, {**good.event, "sequence": rng.choice(SEQUENCES)})


@mutation("a NUL")
def nul(good: Good, rng: Random) -> RawRecord:
    texts = [p for p in places(good.event) if isinstance(_at(good.event, p), str)]
    path = rng.choice(texts)
    return said(good, put(good.event, path, f"{_at(good.event, path)}\x00x"))


@mutation("lone surrogate")
def surrogate(good: Good, rng: Random) -> RawRecord:
    lone = rng.choice([b'"\\ud800"', b'"\\udc00x"', b'"\xed\xa0\x80"'])
    return said(
        good,
        json.dumps({**good.event, "data": "here"})
        .encode()
        .replace(b'"here"', b'{"x": ' + lone + b"}"),
    )


@mutation("an id of MongoDB's own words")
def dollars(good: Good, rng: Random) -> RawRecord:
    id = rng.choice(
        ["$set", "a.b", "$$ROOT", ".", "$", "_id", "a:b", "@7", "seen.membership_communities", "#"]
    )
    event = put(good.event, ("data", rng.choice(ids(good.event))), id)
    return replace(said(good, event), key=rng.choice([good.key, id.encode()]))


@mutation("of another topic")
def elsewhere(good: Good, rng: Random) -> RawRecord:
    """A person whom an outside system would give another address; on that very topic, a seat."""
    id, source = good.event["id"], good.event["source"]
    person = {
        "person_id": id,
        "name": "Eve",
        "email": "eve@example.org",
        "registered_at": "2027-03-09T14:00:00Z",
    }
    seat = {"meeting_id": id, "community_id": id, "person_id": id}
    on_people = EVENTS.get(good.event["type"]) in (PersonChanged, PersonRegistered)
    kind, data = (SeatTaken, seat) if on_people else (PersonChanged, person)
    event = {**good.event, "type": kind.type, "data": data, "source": source}
    return said(good, event, *Good(event).headers)


@mutation("not a text encoding")
def encoding(good: Good, rng: Random) -> RawRecord:
    text = json.dumps(good.event)
    return said(good, text.encode(rng.choice(["utf-16", "utf-32", "utf-8-sig", "cp037"])))


@mutation("no json object")
def scalar(good: Good, rng: Random) -> RawRecord:
    return said(good, rng.choice([b"null", b"[]", b"1", b'"x"', b"{}", b"[1,2]", b"   ", b"true"]))


@mutation("random bytes")
def noise(good: Good, rng: Random) -> RawRecord:
    return RawRecord(good.key, b"\xff" + rng.randbytes(rng.randint(0, 500)), ())


@mutation("broken binary mode")
def binary(good: Good, rng: Random) -> RawRecord:
    attributes = {n: str(v) for n, v in good.event.items() if n != "data"}
    attributes[rng.choice([*attributes])] = rng.choice(["", "\x00", "x" * 5_000, "é", "-1"])
    named = tuple((f"ce_{n}".encode(), v.encode()) for n, v in attributes.items())
    value = rng.choice([json.dumps(good.event["data"]).encode(), b"plain words", b"", b"[]"])
    return RawRecord(good.key, value, ((b"content-type", b"application/json"), *named))


@mutation("a trace that is none")
def trace(good: Good, rng: Random) -> RawRecord:
    text = rng.choice(
        ["x", "", "00-0-0-00", "\r\nBcc: eve@example.org", "-" * 900, "00-" + "f" * 32, 7]
    )
    return said(
        good,
        {
            **good.event,
            "traceparent": text,
            "correlationid": rng.choice(WRONG),
            "causationid": "x" * 9_999,
        },
    )


def _at(found: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        found = found[step]
    return found
