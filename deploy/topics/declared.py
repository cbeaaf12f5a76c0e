"""deploy/topics.yaml, checked, as Kafka's settings."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, Field, PositiveInt, ValidationError

FILE = Path(__file__).parent.with_name("topics.yaml")
EVERYTHING, LATEST_PER_KEY = "everything", "latest-per-key"
UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
WEEK = 7 * UNITS["d"]
# A dead letter is the event, which may have the usual limit's full size, and the reason.
DEAD_LETTER_BYTES = 2 * 1024 * 1024


class BadFile(Exception):
    """What is wrong with topics.yaml, and where."""


def _milliseconds(text: Any) -> int:
    match = re.fullmatch(r"([1-9]\d{0,8})([smhd])", str(text))
    if match is None:
        raise ValueError(f"{text!r} is no duration such as 90d, 12h, 30m or 5s")
    return int(match[1]) * UNITS[match[2]]


def _keep(text: Any) -> str | int:
    if text in (EVERYTHING, LATEST_PER_KEY):
        return str(text)
    try:
        return _milliseconds(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is neither {EVERYTHING}, {LATEST_PER_KEY} nor a duration such as 90d"
        ) from None


Milliseconds = Annotated[int, BeforeValidator(_milliseconds)]
Keep = Annotated[str | int, BeforeValidator(_keep)]  # everything, latest-per-key, or milliseconds
Name = Annotated[str, Field(pattern=r"^[a-z][a-z-]*\.[a-z][a-z-]*$")]


class Shape(BaseModel, frozen=True, extra="forbid"):
    partitions: PositiveInt
    keep: Keep


class Compaction(BaseModel, frozen=True, extra="forbid"):
    within: Milliseconds
    # A service that was away for longer than a tombstone stays would never hear that its key was erased.
    tombstones_stay: Annotated[Milliseconds, Field(ge=WEEK)]


class TopicsFile(BaseModel, frozen=True, extra="forbid"):
    topics: dict[Name, Shape] = Field(min_length=1)
    dead_letters: Shape
    compaction: Compaction


@dataclass(frozen=True)
class Topic:
    name: str
    partitions: int
    replication: int
    settings: dict[str, str]


def declared(replication: int, file: Path = FILE) -> list[Topic]:
    """Every topic the file asks for, each with its dead letters behind it."""
    try:
        wanted = TopicsFile.model_validate(yaml.safe_load(file.read_text()))
    except yaml.YAMLError as error:
        raise BadFile(f"{file.name} is not YAML: {error}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise BadFile(
            "\n".join([f"{file.name} is wrong:", *(f"  {fault}" for fault in faults)])
        ) from error
    # One copy may be away while writing goes on, where there is more than one.
    shared = {"min.insync.replicas": str(max(1, replication - 1))}
    dead_letters = _settings(wanted.dead_letters, wanted.compaction) | {
        "max.message.bytes": str(DEAD_LETTER_BYTES)
    }
    topics: list[Topic] = []
    for name, shape in wanted.topics.items():
        topics += [
            Topic(
                name, shape.partitions, replication, shared | _settings(shape, wanted.compaction)
            ),
            Topic(
                f"{name}.dead", wanted.dead_letters.partitions, replication, shared | dead_letters
            ),
        ]
    return topics


def _settings(shape: Shape, compaction: Compaction) -> dict[str, str]:
    if shape.keep == LATEST_PER_KEY:
        return {
            "cleanup.policy": "compact",
            # Ends the segment that is being written too, which would else never be compacted in a quiet topic.
            "max.compaction.lag.ms": str(compaction.within),
            "min.compaction.lag.ms": str(min(compaction.within // 2, UNITS["h"])),
            "delete.retention.ms": str(compaction.tombstones_stay),
        }
    kept = -1 if shape.keep == EVERYTHING else shape.keep
    return {"cleanup.policy": "delete", "retention.ms": str(kept), "retention.bytes": "-1"}
