"""Spoilt within: the event is well formed, and what it says is absurd."""

import json
from dataclasses import replace
from random import Random

from tests.bad_input.golden import Good
from tests.bad_input.mutations import odd
from tests.bad_input.mutations.places import at, ids, places, put
from tests.bad_input.mutations.table import MEGABYTE, mutation, said
from tests.bad_input.raw import RawRecord


@mutation("a huge number")
def huge(good: Good, rng: Random) -> RawRecord:
    data = good.event["data"]
    plain = [p for p in places(data) if p and not isinstance(at(data, p), dict | list)]
    path = ("data", *rng.choice(plain))
    number = rng.choice([2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**25, 10**300])
    return said(good, put(good.event, path, number))


@mutation("another kind of value")
def wrong(good: Good, rng: Random) -> RawRecord:
    return said(good, put(good.event, rng.choice(places(good.event)), rng.choice(odd.VALUES)))


@mutation("a field gone")
def gone(good: Good, rng: Random) -> RawRecord:
    changed = json.loads(json.dumps(good.event))
    path = rng.choice([p for p in places(changed) if p and isinstance(p[-1], str)])
    del at(changed, path[:-1])[path[-1]]
    return said(good, changed)


@mutation("an absurd time")
def time(good: Good, rng: Random) -> RawRecord:
    where = [("time",), *(p for p in places(good.event) if p and str(p[-1]).endswith("_at"))]
    return said(good, put(good.event, rng.choice(where), rng.choice(odd.TIMES)))


@mutation("an absurd sequence")
def sequence(good: Good, rng: Random) -> RawRecord:
    return said(good, {**good.event, "sequence": rng.choice(odd.SEQUENCES)})


@mutation("a NUL")
def nul(good: Good, rng: Random) -> RawRecord:
    texts = [p for p in places(good.event) if isinstance(at(good.event, p), str)]
    path = rng.choice(texts)
    return said(good, put(good.event, path, f"{at(good.event, path)}\x00x"))


@mutation("an id of MongoDB's own words")
def dollars(good: Good, rng: Random) -> RawRecord:
    id = rng.choice([*odd.NAMES, "$set", "$$ROOT", "a:b", "@7", "seen.membership_communities", "#"])
    event = put(good.event, ("data", rng.choice(ids(good.event))), id)
    return replace(said(good, event), key=rng.choice([good.key, id.encode()]))


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
    named = [("data", name) for name in ids(good.event)]
    where = rng.choice([("id",), ("subject",), ("source",), *named])
    record = said(good, put(good.event, where, id))
    return replace(record, key=rng.choice([record.key, id.encode()]))


@mutation("unknown attributes")
def more(good: Good, rng: Random) -> RawRecord:
    changed = json.loads(json.dumps(good.event))
    for where in (changed, changed["data"]):
        where |= {
            name: rng.choice(odd.VALUES) for name in rng.sample(odd.NAMES, 4) if name != "data"
        }
    headers = tuple((f"ce_{name}".encode(), b"odd") for name in rng.sample(odd.NAMES, 3))
    return said(good, changed, *good.headers, *headers)


@mutation("a trace that is none")
def trace(good: Good, rng: Random) -> RawRecord:
    texts = ("x", "", "00-0-0-00", "\r\nBcc: eve@example.org", "-" * 900, "00-" + "f" * 32, 7)
    odd_one = {"traceparent": rng.choice(texts), "correlationid": rng.choice(odd.VALUES)}
    return said(good, {**good.event, **odd_one, "causationid": "x" * 9_999})
