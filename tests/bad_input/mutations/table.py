"""The table of mutations, and the record of a changed event."""

import json
from collections.abc import Callable
from random import Random

from tests.bad_input.golden import Good
from tests.bad_input.raw import Header, RawRecord

Mutation = Callable[[Good, Random], RawRecord]
MUTATIONS: dict[str, Mutation] = {}
MEGABYTE = 900_000


def mutation(name: str) -> Callable[[Mutation], Mutation]:
    def register(mutate: Mutation) -> Mutation:
        MUTATIONS[name] = mutate
        return mutate

    return register


def said(good: Good, event: object, *headers: Header) -> RawRecord:
    """The record of a changed event; its headers are those of the good one unless others are given."""
    value = event if isinstance(event, bytes) else json.dumps(event).encode()
    return RawRecord(good.key, value, headers or good.headers)
