"""The record of every contract: its JSON Schema, which only grows, and golden events, which never change."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from deploy.docs.compatible import KEEP, Fault, faults
from deploy.docs.examples import cloud_event
from deploy.docs.shape import contract, schema
from shared.events.cloudevents import Envelope, read
from shared.events.event import Document, Event, Headers

Events = Mapping[str, type[Event]]
MANIFEST = "sha256sums"


def broken(folder: Path, events: Events) -> list[Fault]:
    """Where today's contracts do not fit what was recorded of them."""
    found: list[Fault] = []
    for file in sorted((folder / "schemas").glob("*.json")):
        event, recorded = events.get(file.stem), json.loads(file.read_text())
        if event is None:
            found.append(Fault(file.stem, "is gone", KEEP))
        else:
            found += against(recorded, event)
    return found


def against(recorded: Document, event: type[Event]) -> list[Fault]:
    """What stands against an event as it is today, given what was recorded of it."""
    name, today = event.__name__, contract(event)
    found = [
        Fault(
            f"{name}'s {what[2:]}",
            f"was {recorded[what]} and is {today[what]}",
            "leave it as it is",
        )
        for what in ("x-topic", "x-key")
        if recorded[what] != today[what]
    ]
    found += faults(today, recorded, name=name, nothing_lost=True)
    found += faults(recorded, schema(event, "serialization"), name=name)
    return [*dict.fromkeys(found)]


def unrecorded(folder: Path, events: Events) -> dict[Path, str]:
    """What is not on record yet: new events, and those that grew. Only to be written if nothing is broken."""
    wanted = {_schema_file(folder, kind): _text(contract(event)) for kind, event in events.items()}
    for kind, event in events.items():
        wanted |= dict(_new_golden(folder / "golden" / kind, event))
    return {file: text for file, text in wanted.items() if not _holds(file, text)}


def write(folder: Path, pages: Mapping[Path, str]) -> None:
    """Record, and seal the golden events that are new."""
    for file, text in pages.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    sums = sealed(folder)
    new = [file for file in _golden_files(folder) if file not in sums]
    sums |= {file: _hash(folder / file) for file in new}
    lines = [f"{digest}  {file}\n" for file, digest in sorted(sums.items())]
    (folder / MANIFEST).write_text("".join(lines))


def forget(folder: Path) -> None:
    """Take everything off the record."""
    files = [*(folder / "schemas").glob("*.json"), *(folder / "golden").glob("*/*.json")]
    for file in [*files, folder / MANIFEST]:
        file.unlink(missing_ok=True)
    for empty in (folder / "golden").glob("*"):
        empty.rmdir()


def sealed(folder: Path) -> dict[str, str]:
    """Every golden event with its hash, as it was recorded."""
    manifest = folder / MANIFEST
    lines = manifest.read_text().splitlines() if manifest.exists() else []
    return {file: digest for digest, file in (line.split("  ", 1) for line in lines)}


def edited(folder: Path) -> list[str]:
    """Golden events that are not as they were recorded, or are not sealed."""
    sums = sealed(folder)
    found = {file: _hash(folder / file) for file in _golden_files(folder)}
    return sorted(file for file in sums.keys() | found.keys() if sums.get(file) != found.get(file))


def misread(golden: Document, events: Events) -> str | None:
    """How today's code reads a golden event otherwise than it was meant; None if it does not."""
    kind, data = golden["type"], golden["data"]
    headers: Headers = [("content-type", b"application/cloudevents+json")]
    envelope = read(json.dumps(golden).encode(), headers, events)
    if not isinstance(envelope, Envelope):
        return (
            f"{kind} cannot be read any longer: {envelope.reason if envelope else 'no such type'}"
        )
    today = envelope.data.model_dump(mode="json")
    others = {name: today.get(name) for name in data if not _says(today.get(name), data[name])}
    return f"{kind} reads otherwise: {others}" if others else None


def _says(today: Any, before: Any) -> bool:
    """Whether all that was said before is said still; fields that came later do not count."""
    if isinstance(before, dict) and isinstance(today, dict):
        named = cast("Document", before)
        return all(name in today and _says(today[name], one) for name, one in named.items())
    if isinstance(before, list) and isinstance(today, list):
        now, then = cast("list[Any]", today), cast("list[Any]", before)
        return len(now) == len(then) and all(map(_says, now, then))
    return today == before


def _new_golden(folder: Path, event: type[Event]) -> Iterator[tuple[Path, str]]:
    """An example with all fields and one with the fewest, unless their like is there already."""
    files = sorted(folder.glob("*.json"))
    known = [_fields(json.loads(file.read_text())["data"]) for file in files]
    for example in (cloud_event(event), cloud_event(event, whole=False)):
        if _fields(example["data"]) not in known:
            known.append(_fields(example["data"]))
            yield folder / f"{len(known)}.json", _text(example)


def _fields(data: object) -> object:
    """Which fields are filled, at every depth."""
    if isinstance(data, dict):
        named = cast("Document", data)
        return {name: _fields(value) for name, value in named.items()}
    return None


def _golden_files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in (folder / "golden").glob("*/*.json"))


def _schema_file(folder: Path, kind: str) -> Path:
    return folder / "schemas" / f"{kind}.json"


def _holds(file: Path, text: str) -> bool:
    return file.exists() and file.read_text() == text


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _text(document: Document) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
