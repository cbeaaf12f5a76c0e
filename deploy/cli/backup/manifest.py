"""What a backup says of itself: every file with its count and its hash; and the folder it stands in."""

import hashlib
import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import bson
from bson import BSON
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from deploy.cli.terminal import Wrong
from shared.events.event import Document

FORMAT = 1
NAME = "manifest.json"
RAW: CodecOptions[RawBSONDocument] = CodecOptions(RawBSONDocument)
AWARE: CodecOptions[Document] = CodecOptions(tz_aware=True)


class Contents(BaseModel):
    """Of one file: how many documents, and what they are."""

    count: int = 0
    bytes: int = 0
    sha256: str = ""


class Collection(Contents):
    options: Document = {}
    indexes: list[Document] = []


class Partition(Contents):
    first: int = 0  # offsets as they were
    end: int = 0


class Topic(BaseModel):
    settings: dict[str, str]
    partitions: list[Partition]


class Manifest(BaseModel):
    """JSON; indexes and options in MongoDB's extended form are plain enough for it."""

    format: int = FORMAT
    taken_at: AwareDatetime
    cluster_time: str
    databases: dict[str, dict[str, Collection]] = Field(default_factory=dict)
    topics: dict[str, Topic] = Field(default_factory=dict)

    @property
    def documents(self) -> int:
        return sum(one.count for all_ in self.databases.values() for one in all_.values())

    @property
    def records(self) -> int:
        return sum(part.count for one in self.topics.values() for part in one.partitions)


def collection_file(folder: Path, database: str, collection: str) -> Path:
    return folder / "mongo" / quote(database, safe="") / f"{quote(collection, safe='')}.bson"


def partition_file(folder: Path, topic: str, partition: int) -> Path:
    return folder / "kafka" / topic / f"{partition}.bson"


class Writing:
    """A file of BSON documents in a row, with their count and hash; only its owner may read it."""

    def __init__(self, file: Path, contents: Contents) -> None:
        for parent in (file.parent.parent, file.parent):
            parent.mkdir(mode=0o700, exist_ok=True)
        self._file = os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
        self._hash = hashlib.sha256()
        self._contents = contents

    def add(self, raw: bytes) -> None:
        self._file.write(raw)
        self._hash.update(raw)
        self._contents.count += 1
        self._contents.bytes += len(raw)

    def close(self) -> None:
        """On the disk, not only in its cache."""
        self._contents.sha256 = self._hash.hexdigest()
        with self._file as file:
            file.flush()
            os.fsync(file.fileno())


def reading(file: Path) -> Iterator[bytes]:
    """The documents of a file, one at a time, as they are."""
    with file.open("rb") as source:
        for one in bson.decode_file_iter(source, RAW):
            yield bytes(one.raw)


def decoded(raw: bytes) -> Document:
    """A document as Python sees it; times are aware."""
    return BSON(raw).decode(AWARE)


@contextmanager
def whole_or_not_there(folder: Path) -> Generator[Path]:
    """A folder to write in, which gets its name when everything is in it."""
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    if folder.exists():
        raise Wrong(f"{folder} is there already; a backup is written to a folder of its own.")
    try:
        unfinished.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise Wrong(
            f"{unfinished} is there: another backup writes to it, or one was killed. Remove it if none runs."
        ) from None
    try:
        yield unfinished
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def write_manifest(folder: Path, manifest: Manifest) -> None:
    with os.fdopen(os.open(folder / NAME, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write(manifest.model_dump_json(indent=2))
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup that is whole: every file is there, with its count and hash."""
    try:
        manifest = Manifest.model_validate_json((folder / NAME).read_bytes())
    except FileNotFoundError:
        raise Wrong(f"{folder} is no backup: there is no {NAME} in it.") from None
    except ValidationError as error:
        raise Wrong(f"{folder / NAME} cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise Wrong(f"{folder} is of format {manifest.format}; this copse reads {FORMAT}.")
    for file, contents in _files(folder, manifest):
        if not file.exists():
            raise Wrong(f"The backup is not whole: {file} is missing.")
        if _hash(file) != contents.sha256:
            raise Wrong(f"The backup is damaged: {file} is not what was written.")
    return manifest


def _files(folder: Path, manifest: Manifest) -> Iterator[tuple[Path, Contents]]:
    for database, collections in manifest.databases.items():
        for name, one in collections.items():
            yield collection_file(folder, database, name), one
    for topic, found in manifest.topics.items():
        for number, part in enumerate(found.partitions):
            yield partition_file(folder, topic, number), part


def _hash(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def taken(at: datetime, cluster_time: Any) -> Manifest:
    return Manifest(taken_at=at, cluster_time=str(cluster_time))
