"""What became of it: each service's metrics, what it set aside and what it keeps, against what was sent."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from services.notifications.app import service as notifications
from services.resources import handlers as resources
from services.scheduling import handlers as scheduling
from shared.consuming.handlers import Handlers
from shared.consuming.record import read_on_topic
from shared.events.cloudevents import Envelope, Unreadable
from tests.bad_input.golden import Good
from tests.bad_input.mutations import PARKED, SKIPPED
from tests.bad_input.raw import RawRecord
from tests.bad_input.sending import Place, Sent, shown

LISTENERS: Mapping[str, Handlers] = {
    "notifications": notifications.on,
    "resources": resources.on,
    "scheduling": scheduling.on,
}
MEMBERS = ("MemberJoined", "RoleGiven", "MemberLeft")
COMMUNITIES = ("CommunityStarted", "CommunityRedefined")
MEETINGS = ("Scheduled", "Announced", "Moved", "Redescribed", "Cancelled")
SEATS = ("Taken", "Promoted", "Awaited", "Considered", "Declined")


@dataclass(frozen=True, slots=True)
class Effect:
    """A document that a good event must have brought about."""

    service: str
    collection: str
    id: str


def effects(event: Mapping[str, Any]) -> list[Effect]:
    """What a good event brings about, in every service."""
    name, data = event["type"].split(".")[2], event["data"]
    found = [Effect("notifications", "inbox", f"{event['source']}#{event['id']}")]
    if name in MEMBERS:
        id = f"{data['community_id']}:{data['person_id']}"
        found += [Effect(service, "memberships", id) for service in LISTENERS]
    if name in COMMUNITIES:
        found += [Effect(service, "communities", data["community_id"]) for service in LISTENERS]
    if name == "CommunityStarted":
        found.append(Effect("scheduling", "schedules", data["community_id"]))
    if name.startswith("Person"):
        found.append(Effect("notifications", "people", data["person_id"]))
    if name.startswith("Rhythm"):
        found.append(Effect("notifications", "rhythms", data["community_id"]))
    if name.removeprefix("Meeting") in MEETINGS:
        found.append(Effect("notifications", "meetings", data["meeting_id"]))
    if name.removeprefix("Seat") in SEATS:
        found.append(
            Effect("notifications", "answers", f"{data['meeting_id']}:{data['person_id']}")
        )
    return found


def outcomes(metrics: str) -> dict[str, Counter[str]]:
    """How many records of each topic a service applied, skipped, knew already, set aside."""
    found: dict[str, Counter[str]] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name == "copse_events_total":
                by = found.setdefault(sample.labels["topic"], Counter())
                by[sample.labels["outcome"]] += int(sample.value)
    return found


def met(outcomes: Counter[str]) -> int:
    """How many records that is: what was held and then recovered counts as held, applied and recovered."""
    return sum(outcomes.values()) - 2 * outcomes["recovered"]


def sample(metrics: str, name: str) -> float:
    """The sum of a metric's values."""
    families = text_string_to_metric_families(metrics)
    return sum(one.value for family in families for one in family.samples if one.name == name)


def meant(service: str, place: Place, record: RawRecord) -> str:
    """What the parser says a service should do with a record: skip, park, or handle it."""
    headers = [(n.decode(errors="backslashreplace"), t or b"") for n, t in record.headers]
    found = read_on_topic(place[0], record.value, headers, LISTENERS[service].models)
    if isinstance(found, Envelope):
        return "handle"
    return "park" if isinstance(found, Unreadable) else "skip"


async def misfits(
    service: str, database: Any, sent: Sent, told: dict[str, Counter[str]]
) -> list[str]:
    """Every way in which what a service did differs from what had to become of each record, in words."""
    topics = LISTENERS[service].topics
    parked = {
        (one["topic"], one["partition"], one["offset"]): one
        async for one in database["parked"].find({}, {"value": 0, "headers": 0, "raw_key": 0})
    }
    wrong = [
        f"{place}: parked as {one['reason']!r}"
        for place, one in parked.items()
        if not one["reason"]
    ]
    wrong += [
        f"{place}: {one['reason']}, and it is a good event"
        for place, one in parked.items()
        if place in sent.good_at
    ]
    wrong += [
        f"{place}: parked, and nobody sent it"
        for place in parked
        if place not in sent.bad and place not in sent.good_at and place not in sent.batches
    ]
    wrong += [
        f"{place}: a batch, {name}, is not parked"
        for place, name in sent.batches.items()
        if place[0] in topics and place not in parked
    ]
    skipped: Counter[str] = Counter()
    for place, (name, record) in sent.bad.items():
        if place[0] not in topics:
            continue
        must = meant(service, place, record)
        skipped[place[0]] += must == "skip"
        if name in PARKED and service == "notifications":
            must = "park"
        if name in SKIPPED and service != "notifications" and must != "skip":
            wrong.append(f"{place}: {name} is not skipped: {shown(record)}")
        if (must == "park" and place not in parked) or (must == "skip" and place in parked):
            wrong.append(f"{place}: {name}, meant to {must}: {shown(record)}")
    for topic in topics:
        count, here = sent.of(topic), told.get(topic, Counter())
        taken = met(here)
        dead = sum(1 for place in parked if place[0] == topic)
        if taken != count:
            wrong.append(
                f"{topic}: {count} records were sent, {taken} were dealt with: {dict(here)}"
            )
        if here["dead"] + here["held"] - here["recovered"] != dead:
            wrong.append(f"{topic}: {dead} are parked, and the metric says {dict(here)}")
        good_skipped = sum(
            meant(service, place, event.record) == "skip"
            for place, event in sent.good_at.items()
            if place[0] == topic
        )
        if here["skipped"] != skipped[topic] + good_skipped:
            wrong.append(
                f"{topic}: {skipped[topic] + good_skipped} were to be skipped: {dict(here)}"
            )
    return wrong


async def lacking(databases: Mapping[str, Any], events: list[Good]) -> list[Effect]:
    """Of what the good events bring about, what is not there."""
    wanted = {effect for good in events for effect in effects(good.event)}
    there: set[Effect] = set()
    for service, database in databases.items():
        for collection in {one.collection for one in wanted if one.service == service}:
            ids = [
                one.id for one in wanted if (one.service, one.collection) == (service, collection)
            ]
            for at in range(0, len(ids), 1_000):
                found = database[collection].find(
                    {"_id": {"$in": ids[at : at + 1_000]}}, {"_id": 1}
                )
                there |= {Effect(service, collection, one["_id"]) async for one in found}
    return sorted(wanted - there, key=str)
