"""The places of a document, and what stands there."""

import json
from typing import Any

from tests.bad_input.golden import Document

Place = tuple[Any, ...]


def places(found: Any, path: Place = ()) -> list[Place]:
    """Every place of a document."""
    inner: Any = ()
    if isinstance(found, dict):
        inner = found.items()
    elif isinstance(found, list):
        inner = enumerate(found)
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


def at(found: Any, path: Place) -> Any:
    for step in path:
        found = found[step]
    return found


def put(event: Document, path: Place, value: Any) -> Any:
    """The document with something else at a place."""
    if not path:
        return value
    changed: Any = json.loads(json.dumps(event))
    at(changed, path[:-1])[path[-1]] = value
    return changed


def ids(event: Document) -> list[str]:
    """The fields of the data that name something."""
    return [name for name in event["data"] if name.endswith("_id")] or [*event["data"]][:1]
