"""Ways to spoil an event: each takes a good one and gives the record that a fault would have made of it."""

from tests.bad_input.mutations import records, texts, values
from tests.bad_input.mutations.table import MUTATIONS

__all__ = ["MUTATIONS", "PARKED", "RARE", "SKIPPED", "records", "texts", "values"]

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
        *("a megabyte of text", "a megabyte of the wrong kind", "an id of a megabyte"),
        *("too many headers", "deeply nested"),
    }
)
"""These are large, so there are few of them."""
