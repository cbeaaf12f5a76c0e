"""Spoilt records: headers, key and value do not belong together, or not here."""

import json
from dataclasses import replace
from random import Random

from shared.contracts.membership import PersonChanged, PersonRegistered
from shared.contracts.scheduling import SeatTaken
from shared.events.event import EVENTS
from tests.bad_input.golden import Good
from tests.bad_input.mutations.table import mutation, said
from tests.bad_input.raw import RawRecord


@mutation("tombstone")
def tombstone(good: Good, rng: Random) -> RawRecord:
    return replace(good.record, value=None, headers=rng.choice([(), good.headers]))


@mutation("empty value")
def empty(good: Good, rng: Random) -> RawRecord:
    return replace(good.record, value=b"")


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
    known = rng.choice([b"ce_type", b"ce_\xff", b"content-type", b"trace"])
    names = (rng.randbytes(rng.randint(0, 9)), known)
    return replace(good.record, headers=(*good.headers, *((n, rng.randbytes(9)) for n in names)))


@mutation("too many headers")
def headers(good: Good, rng: Random) -> RawRecord:
    count = rng.choice([1_001, 100_000, 400_000])
    return replace(good.record, headers=good.headers + ((b"", None),) * count)


@mutation("another content type")
def content(good: Good, rng: Random) -> RawRecord:
    batch = "application/cloudevents-batch+json"
    kinds = ("text/plain", "application/json", "application/avro", "", batch, "\x00", "é" * 999)
    kind = (b"content-type", rng.choice(kinds).encode())
    return replace(good.record, headers=(kind, *rng.choice([good.headers[1:], ()])))


@mutation("a key that is no text")
def unkeyed(good: Good, rng: Random) -> RawRecord:
    keys = (None, b"", b"\xff\xfe" + rng.randbytes(4), b"\x00", b"$set", b"a.b", b"x" * 5_000)
    return replace(good.record, key=rng.choice(keys))


@mutation("broken binary mode")
def binary(good: Good, rng: Random) -> RawRecord:
    attributes = {n: str(v) for n, v in good.event.items() if n != "data"}
    attributes[rng.choice([*attributes])] = rng.choice(["", "\x00", "x" * 5_000, "é", "-1"])
    named = tuple((f"ce_{n}".encode(), v.encode()) for n, v in attributes.items())
    value = rng.choice([json.dumps(good.event["data"]).encode(), b"plain words", b"", b"[]"])
    return RawRecord(good.key, value, ((b"content-type", b"application/json"), *named))


@mutation("unknown type")
def unknown(good: Good, rng: Random) -> RawRecord:
    kinds = ["org.example.Thing.v1", "copse.membership.Nobody.v1", "x", "v2", "copse..v1"]
    event = {**good.event, "type": rng.choice(kinds)}
    return said(good, event, *Good(event).headers)


@mutation("unknown major")
def major(good: Good, rng: Random) -> RawRecord:
    # Of the type of an event that everybody handles; 150 digits are still a number.
    number = rng.choice(["2", "0", "9" * 150])
    event = {**good.event, "type": f"copse.membership.MemberJoined.v{number}"}
    return said(good, event, *Good(event).headers)


@mutation("of another topic")
def elsewhere(good: Good, rng: Random) -> RawRecord:
    """A person whom an outside system would give another address; on that very topic, a seat."""
    id, source = good.event["id"], good.event["source"]
    person = {"person_id": id, "name": "Eve", "email": "eve@example.org"}
    person["registered_at"] = "2027-03-09T14:00:00Z"
    seat = {"meeting_id": id, "community_id": id, "person_id": id}
    on_people = EVENTS.get(good.event["type"]) in (PersonChanged, PersonRegistered)
    kind, data = (SeatTaken, seat) if on_people else (PersonChanged, person)
    event = {**good.event, "type": kind.type, "data": data, "source": source}
    return said(good, event, *Good(event).headers)
