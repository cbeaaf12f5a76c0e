"""Whether a reader takes everything that a writer may write, told from two JSON Schemas."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.events.event import Document

KEEP = "keep it: old events hold it, and other readers may need it"
OPTIONAL = "give it a default"
BESIDE = "leave this field as it is and add another, with a default, beside it"
NEW_MAJOR = "or publish a new major (`version=2`) beside this event until nobody reads the old one"

UPPER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
LOWER = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
EXACT = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding")


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where a reader and a writer do not fit, and what to do instead."""

    where: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.where} {self.what}; {self.instead}"


def faults(
    reader: Document, data: Document, *, name: str, nothing_lost: bool = False
) -> list[Fault]:
    """Where `reader` would refuse what `data` allows; or, with `nothing_lost`, overlook a field of it."""
    return list(_Comparison(reader, data, nothing_lost).of(reader, data, name))


@dataclass
class _Comparison:
    reader_root: Document
    data_root: Document
    nothing_lost: bool
    running: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def of(self, reader: Document, data: Document, where: str) -> Iterator[Fault]:
        """Every alternative of the data must fit one of the reader's."""
        pair = (reader.get("$ref", ""), data.get("$ref", ""))
        if any(pair):
            if pair in self.running:
                return  # it contains itself: compared further up
            self.running.add(pair)
        choices = list(_alternatives(reader, self.reader_root))
        for one in _alternatives(data, self.data_root):
            tries = [list(self._one(choice, one, where)) for choice in choices]
            if all(tries):
                yield from self._closest(choices, tries, one, where)
        self.running.discard(pair)

    def _closest(
        self, choices: list[Document], tries: list[list[Fault]], data: Document, where: str
    ) -> list[Fault]:
        """Why not: told from the reader's alternative of the same type, if there is one."""
        alike = [
            t for c, t in zip(choices, tries, strict=True) if c.get("type") == data.get("type")
        ]
        if alike:
            return min(alike, key=len)
        read = " or ".join(_say(choice) for choice in choices)
        what = f"may be {_say(data)}, where {read} is read"
        return [Fault(where, what, f"{BESIDE}, {NEW_MAJOR}")]

    def _one(self, reader: Document, data: Document, where: str) -> Iterator[Fault]:
        wanted, given = reader.get("type"), data.get("type")
        if wanted is None and "enum" not in reader:
            return  # it takes anything
        if wanted != given and (wanted, given) != ("number", "integer"):
            what = f"may be {_say(data)}, where {_say(reader)} is read"
            yield Fault(where, what, f"{BESIDE}, {NEW_MAJOR}")
            return
        yield from _values(reader, data, where)
        yield from _limits(reader, data, where)
        if wanted == "object":
            yield from self._object(reader, data, where)
        if wanted == "array":
            yield from self._array(reader, data, where)

    def _object(self, reader: Document, data: Document, where: str) -> Iterator[Fault]:
        read: Document = reader.get("properties", {})
        given: Document = data.get("properties", {})
        for name in reader.get("required", ()):
            if name not in data.get("required", ()):
                what = (
                    "is required, and may be missing" if name in given else "is required, and new"
                )
                yield Fault(f"{where}.{name}", what, OPTIONAL)
        for name, part in given.items():
            if name in read:
                yield from self.of(read[name], part, f"{where}.{name}")
                yield from self._default(read[name], part, f"{where}.{name}")
            elif self.nothing_lost:
                yield Fault(f"{where}.{name}", "is gone", f"{KEEP}, {NEW_MAJOR}")
        yield from self._others(reader, data, f"{where}.*")

    def _others(self, reader: Document, data: Document, where: str) -> Iterator[Fault]:
        """Fields without a name of their own, as in `dict[str, int]`."""
        read: Document | bool = reader.get("additionalProperties", True)
        given: Document | bool = data.get("additionalProperties", "properties" not in data)
        if not isinstance(read, bool) and given is not False:
            yield from self.of(read, {} if given is True else given, where)

    def _default(self, reader: Document, data: Document, where: str) -> Iterator[Fault]:
        """An event without the field must still mean what it meant."""
        before = data.get("default", reader.get("default"))
        if self.nothing_lost and before != reader.get("default", before):
            what = f"was {before!r} where it is missing, and now is {reader['default']!r}"
            yield Fault(where, what, "leave the default as it is")

    def _array(self, reader: Document, data: Document, where: str) -> Iterator[Fault]:
        read: list[Document] = reader.get("prefixItems", [])
        given: list[Document] = data.get("prefixItems", [])
        for at in range(max(len(read), len(given), 1)):
            yield from self.of(_item(reader, read, at), _item(data, given, at), f"{where}[]")


def _item(schema: Document, first: list[Document], at: int) -> Document:
    return first[at] if at < len(first) else schema.get("items", {})


def _alternatives(schema: Document, root: Document) -> Iterator[Document]:
    """The schemas of which one must hold, `$ref`, `anyOf` and lists of types resolved."""
    if "$ref" in schema:
        yield from _alternatives(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    elif choices := schema.get("anyOf", schema.get("oneOf")):
        for choice in choices:
            yield from _alternatives(choice, root)
    elif isinstance(schema.get("type"), list):
        for one in schema["type"]:
            yield {**schema, "type": one}
    elif "const" in schema:
        yield {**schema, "enum": [schema["const"]]}
    else:
        yield schema


def _values(reader: Document, data: Document, where: str) -> Iterator[Fault]:
    if "enum" not in reader:
        return
    if "enum" not in data:
        what = f"may be {_say(data)}, where only {_list(reader['enum'])} are read"
        yield Fault(where, what, f"{BESIDE}, {NEW_MAJOR}")
    elif more := [value for value in data["enum"] if value not in reader["enum"]]:
        what = f"may be {_list(more)}, where only {_list(reader['enum'])} are read"
        yield Fault(where, what, f"an enum that is published never widens: {BESIDE}, {NEW_MAJOR}")


def _limits(reader: Document, data: Document, where: str) -> Iterator[Fault]:
    tighter: list[tuple[tuple[str, ...], Callable[[Any, Any], bool]]] = [
        (UPPER, lambda given, read: given <= read),
        (LOWER, lambda given, read: given >= read),
        (EXACT, lambda given, read: given == read),
    ]
    for words, fits in tighter:
        for word in words:
            if word in reader and not (word in data and fits(data[word], reader[word])):
                given = f"{word} {data[word]}" if word in data else f"without {word}"
                what = f"may be {given}, where {word} {reader[word]} is read"
                yield Fault(where, what, f"{BESIDE}, {NEW_MAJOR}")


def _say(schema: Document) -> str:
    if "enum" in schema:
        return _list(schema["enum"])
    return f"{schema.get('type', 'anything')} {schema.get('format', '')}".strip()


def _list(values: list[Any]) -> str:
    return ", ".join(repr(value) for value in values)
