"""An example of every event, made of words such as a region would write."""

import hashlib
import json
import uuid
from typing import Any, cast

from deploy.docs.shape import schema
from shared.events.cloudevents import Origin, write
from shared.events.event import Document, Event

COMMUNITY, PERSON, MEETING, RESOURCE = (
    f"0199c2a4-7d1e-7{n}3-9b1f-5c0d2e8a47{n}" for n in ("a0", "b4", "c1", "d7")
)
MOMENT = "2027-03-09T14:00:00Z"
WORDS: Document = {
    "action_label": "Read the guidance",
    "action_url": "https://example.org/guidance",
    "agreement": "What is said here stays here.",
    "audience": {"community_id": COMMUNITY, "roles": ["facilitator"]},
    "category": "announcement",
    "charter": "We meet to get better at what we do, and help each other.",
    "community_id": COMMUNITY,
    "community_type": "one-to-one-practitioners",
    "description": "every month on the second Tuesday, 14:00 Europe/London",
    "email": "ann@example.org",
    "ends_at": "2027-03-09T15:00:00Z",
    "feed_url": "https://copse.example.org/feeds/communities/k3J9.ics",
    "frequency": "monthly",
    "interval": 1,
    "invited_by": PERSON,
    "join_questions": "What brings you here?",
    "join_url": "https://meet.example.org/leeds",
    "kind": "link",
    "local_time": "14:00:00",
    "meeting_id": MEETING,
    "minutes": 60,
    "name": "One-to-one practitioners, Leeds",
    "nth": 2,
    "person_id": PERSON,
    "places": "Leeds",
    "position": 1,
    "purpose": "Practitioners who work with one person at a time learn from each other.",
    "reason": "The hall is flooded.",
    "request_id": "training-2027-0042",
    "resource_id": RESOURCE,
    "role": "member",
    "restored_version": 1,
    "revision": 1,
    "seats": 12,
    "subject": "New guidance on lone working",
    "text": "The guidance changed on 1 March. Please read it before your next visit.",
    "title": "Trauma-informed practice",
    "to_person_id": "0199c2a4-7d1e-7e93-8a52-1f6b3c9d0e77",
    "type_id": "one-to-one-practitioners",
    "uid": f"{MEETING}@copse",
    "venue": "Town Hall, room 3",
    "version": 2,
    "weekday": "TU",
    "weekdays": "TU",
    "zone": "Europe/London",
}
EXCEPTIONS: dict[str, Document] = {
    "CommunityTypeDefined": {"name": "One-to-one practitioners"},
    "MeetingCancelled": {"status": "cancelled", "revision": 2},
    "MeetingScheduled": {"revision": 0},
    "PersonChanged": {"name": "Ann Ash"},
    "PersonRegistered": {"name": "Ann Ash"},
    "ResourceShared": {"version": 1},
    "RoleGiven": {"role": "co-facilitator"},
}


def example(event: type[Event], *, whole: bool = True) -> Event:
    """An event with all its fields, or with those alone that must be there.

    ValueError, saying what to add where, if no example could be made.
    """
    read = schema(event, "validation")
    words = WORDS | EXCEPTIONS.get(event.__name__, {})
    try:
        return event.model_validate_json(json.dumps(_object(read, read, words, whole)))
    except ValueError as error:
        raise ValueError(f"add a fitting word to deploy/docs/examples.py: {error}") from error


def cloud_event(event: type[Event], *, whole: bool = True) -> Document:
    """The example as it would stand on the topic; the same each time."""
    one = example(event, whole=whole)
    document: Document = json.loads(
        write(one, 1, Origin(f"/copse/{event.type.split('.')[1]}"))["value"]
    )
    number = int.from_bytes(hashlib.sha256(f"{event.type} {whole}".encode()).digest()[:10])
    event_id = str(
        uuid.UUID(int=0x0199C2A4_7D1E << 80 | 7 << 76 | 2 << 62 | number & ~(0xF << 76 | 3 << 62))
    )
    if not whole:
        sent = one.model_dump(mode="json", exclude_unset=True)
        document["data"] = sent
    return document | {"id": event_id, "time": MOMENT, "correlationid": event_id}


def _value(name: str, part: Document, root: Document, words: Document, whole: bool) -> Any:
    if part.get("type") == "array":
        return [_value(name, cast("Document", part.get("items", {})), root, words, whole)]
    if name in words and words[name] in part.get("enum", [words[name]]):
        return words[name]
    if "$ref" in part:
        return _object(root["$defs"][part["$ref"].removeprefix("#/$defs/")], root, words, whole)
    if choices := part.get("anyOf"):
        return _value(name, choices[0], root, words, whole)
    if values := part.get("enum"):
        return values[0]
    plain: Document = {
        "integer": part.get("minimum", 1),
        "number": 1.5,
        "boolean": True,
        "object": {},
    }
    by_format = {"date-time": MOMENT, "date": MOMENT[:10], "time": "14:00:00"}
    ids = PERSON if name.endswith(("_by", "person_id")) else name.replace("_", " ")
    return plain.get(part.get("type", ""), by_format.get(part.get("format", ""), ids))


def _object(part: Document, root: Document, words: Document, whole: bool) -> Document:
    names: list[str] = list(part.get("properties", {}) if whole else part.get("required", ()))
    return {name: _value(name, part["properties"][name], root, words, whole) for name in names}
