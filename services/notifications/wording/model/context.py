"""What a template may name: made from facts when a message is written, from samples when it is checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from services.notifications.wording.model.facts import Facts, Guess
from shared.contracts.membership import PersonEvent
from shared.contracts.scheduling import MeetingDescribed
from shared.events.cloudevents import Envelope
from shared.events.event import EVENTS, Event

SOMEBODY = "Somebody"
NEUTRAL = "confidential"
"""The template that takes every other's place in mails of confidential communities."""
COMMUNITY = {
    "community_id": "…",
    "name": "…",
    "purpose": "…",
    "charter": "…",
    "privacy": "open",
    "rhythm": "…",
    "feed_url": "…",
}
LINKS = {"message": "https://example.org/message", "preferences": "https://example.org/preferences"}
PERSON = {"person_id": "…", "name": "…", "zone": "Europe/London"}
FOR_MEMBERS = frozenset({"venue", "join_url", "feed_url"})
SAMPLES: dict[str, Any] = {
    "date-time": "2026-04-14T13:00:00+00:00",
    "time": "14:00:00",
    "string": "…",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the things an event is about."""

    community: Mapping[str, Any] | None = None
    meeting: Mapping[str, Any] | None = None
    names: Mapping[str, str] = field(default_factory=dict[str, str])


def context(
    event: Envelope[dict[str, Any]],
    known: Surroundings,
    person: Mapping[str, Any],
    links: Mapping[str, str],
) -> dict[str, Any]:
    """What a template may name for one recipient."""
    named = {"data": event.data, "event": attributes(event), "links": links, "person": person}
    if known.community:
        named["community"] = known.community
    if known.meeting:
        named["meeting"] = known.meeting
    facts: dict[str, Any] = {name: Facts(name, values) for name, values in named.items()}

    def name_of(person_id: object) -> str:
        return known.names.get(str(person_id)) or SOMEBODY

    return facts | {"name_of": name_of}


def attributes(event: Envelope[dict[str, Any]]) -> dict[str, Any]:
    """What rules and templates see as `event`."""
    return event.model_dump(include={"id", "type", "source", "subject", "time"})


def neutral(links: Mapping[str, str], person: Mapping[str, Any]) -> dict[str, Any]:
    """What a template may name where nothing of the community may show."""
    return {"links": Facts("links", links), "person": Facts("person", person)}


def sample(event_type: str, *, in_community: bool = False) -> dict[str, Any]:
    """A context such as events of a type bring, as far as it is known; `in_community`: one is known to come with them."""
    known = event_type in EVENTS
    data = Facts("data", fields(event_type)) if known else Guess("data", {})
    event = {"id": "1", "type": event_type, "source": "/sample", "subject": "1"}
    values: dict[str, Any] = {
        "data": data,
        "event": Facts("event", event | {"time": SAMPLES["date-time"]}),
        "links": Facts("links", LINKS),
        "person": Facts("person", PERSON),
        "name_of": _somebody,
    }
    if not known or in_community or "community_id" in data:
        values["community"] = Facts("community", COMMUNITY)
    if not known or "meeting_id" in data:
        values["meeting"] = Facts("meeting", MEETING)
    return values


def described(meeting: Mapping[str, Any]) -> dict[str, Any]:
    """A meeting as templates see it: `where` says the place, or the address, or that it is online."""
    where = [meeting.get("venue"), meeting.get("join_url")]
    return {**meeting, "where": ", ".join(filter(None, where)) or "online"}


def withheld(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts without what only members may see: where a meeting is, and the address of a calendar."""
    shown = {name: None if name in FOR_MEMBERS else value for name, value in facts.items()}
    return shown | {"where": "shown to members only"} if "where" in shown else shown


def for_strangers(event: Envelope[dict[str, Any]]) -> Envelope[dict[str, Any]]:
    """One of our events without what only members may see; what others send is theirs to judge."""
    if event.type not in EVENTS:
        return event
    return event.model_copy(update={"data": withheld(event.data)})


def _somebody(_: object) -> str:
    return SOMEBODY


def fields(kind: str) -> dict[str, Any]:
    """Sample data of an event type of the contracts, as far as templates may see it."""
    data = _fields(EVENTS[kind])
    return {"person_id": "…"} if _is_personal(kind) else data


def impersonal(event: Envelope[dict[str, Any]]) -> Envelope[dict[str, Any]]:
    """An event without personal data, which must be kept nowhere but in one place."""
    if not _is_personal(event.type):
        return event
    return event.model_copy(update={"data": {"person_id": event.data["person_id"]}})


def _is_personal(kind: str) -> bool:
    return issubclass(EVENTS.get(kind, object), PersonEvent)


def _fields(model: type[Event]) -> dict[str, Any]:
    schema = model.model_json_schema()
    return {name: _sample(part, schema) for name, part in schema["properties"].items()}


def _sample(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """One value that fits a JSON Schema; of several kinds the first."""
    if "$ref" in part:
        name = str(part["$ref"]).rpartition("/")[2]
        inner = cast("Mapping[str, Any]", schema["$defs"][name])
        return {key: _sample(value, schema) for key, value in inner["properties"].items()}
    for choice in ("enum", "anyOf"):
        if choice in part:
            first = part[choice][0]
            return first if choice == "enum" else _sample(first, schema)
    if "const" in part:
        return part["const"]
    return SAMPLES[str(part["format"] if part.get("format") in SAMPLES else part["type"])]


MEETING = described(_fields(MeetingDescribed))
