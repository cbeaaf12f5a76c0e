"""Events as their owners would publish them, each about things of its own: what bad input is made from."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from shared.contracts import TOPICS
from shared.events.cloudevents import STRUCTURED
from shared.events.event import EVENTS
from tests.bad_input.raw import Header, RawRecord

HERE = Path(__file__).parents[1] / "contracts" / "golden"
EXTERNAL = "external.events"
ALL_TOPICS = sorted({*TOPICS, EXTERNAL})
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|training-2027-0042")
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Good:
    """A valid event, and how it goes on the wire."""

    event: Document

    @property
    def key(self) -> bytes:
        return str(self.event["subject"]).encode()

    @property
    def identity(self) -> str:
        return f"{self.event['source']}#{self.event['id']}"

    @property
    def headers(self) -> tuple[Header, ...]:
        named = {
            "content-type": STRUCTURED,
            "ce_type": self.event["type"],
            "ce_id": self.event["id"],
        }
        return tuple((name.encode(), text.encode()) for name, text in named.items())

    @property
    def record(self) -> RawRecord:
        return RawRecord(self.key, json.dumps(self.event).encode(), self.headers)


def templates() -> Mapping[str, list[Document]]:
    """The golden events of each topic; for outside systems an event that nobody here has heard of."""
    found: dict[str, list[Document]] = {topic: [] for topic in ALL_TOPICS}
    for file in sorted(HERE.glob("*/*.json")):
        kind = EVENTS.get(file.parent.name)
        if kind:
            found[kind.topic].append(json.loads(file.read_text()))
    some = found["membership.people"][0]
    found[EXTERNAL] = [
        {
            **some,
            "type": "org.example.training.PlaceOffered.v1",
            "source": "/training",
            "data": {"places": 3, "offered_to": some["subject"], "note": "Moving and handling"},
        }
    ]
    return found


def good(template: Document, rng: Random) -> Good:
    """A golden event about things that no other event is about."""
    text = json.dumps(template)
    for id in sorted({*_ID.findall(text)}):
        text = text.replace(id, str(uuid.UUID(int=rng.getrandbits(128), version=4)))
    event: Document = json.loads(text)
    if "audience" in event["data"]:  # people, whom it may name before anybody knows them
        event["data"]["audience"] = {"people": [event["id"]]}
    return Good(event)
