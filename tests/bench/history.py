"""A region's history: 100,000 events of a month ago, and the 300 of today that cancel its meetings."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.membership import CommunityStarted, MemberJoined, PersonRegistered
from shared.contracts.resources import ResourceShared
from shared.contracts.scheduling import MeetingAnnounced, MeetingCancelled, SeatTaken
from shared.events.cloudevents import Origin, write
from shared.events.event import Event
from tests.support.service import started

COMMUNITIES, PEOPLE, EVENTS = 300, 20_000, 100_000
LONG_AGO = datetime.now(UTC) - timedelta(days=30)
STARTS_AT = datetime(2040, 4, 9, 13, tzinfo=UTC)


def told_long_ago() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each topic, and the outbox documents that stand in it."""
    communities = [_started(n) for n in range(COMMUNITIES)]
    people = [_registered(n) for n in range(PEOPLE)]
    members = [
        MemberJoined(community_id=_community(n), person_id=f"person-{n}") for n in range(PEOPLE)
    ]
    meetings = [MeetingAnnounced(**_meeting(n)) for n in range(COMMUNITIES)]
    seats = [
        SeatTaken(meeting_id=_its_meeting(n), community_id=_community(n), person_id=f"person-{n}")
        for n in range(PEOPLE)
    ]
    told: list[list[Any]] = [people, [*communities, *members], [*meetings, *seats]]
    left = EVENTS - sum(len(events) for events in told)
    for events in (*told, [_shared(n) for n in range(left)]):
        yield events[0].topic, _written(events, LONG_AGO)


def cancellations() -> list[dict[str, Any]]:
    """Today nobody meets."""
    said = {"status": "cancelled", "revision": 1, "reason": "Snow"}
    events = [MeetingCancelled(**_meeting(n) | said) for n in range(COMMUNITIES)]
    return _written(events, None, first=10_000)


def _written(events: list[Any], at: datetime | None, first: int = 1) -> list[dict[str, Any]]:
    sequences: dict[str, int] = {}
    documents: list[dict[str, Any]] = []
    for event in events:
        here: Event = event
        sequences[here.key] = sequence = sequences.get(here.key, first - 1) + 1
        origin = Origin(f"/copse/{here.topic.partition('.')[0]}")
        documents.append(write(here, sequence, origin, at))
    return documents


def _community(n: int) -> str:
    return f"community-{n % COMMUNITIES}"


def _its_meeting(n: int) -> str:
    return f"meeting-{n % COMMUNITIES}"


def _started(n: int) -> CommunityStarted:
    return started(_community(n), name=f"Leads of place {n}", charter="We speak for ourselves.")


def _registered(n: int) -> PersonRegistered:
    return PersonRegistered(
        person_id=f"person-{n}",
        name=f"Person {n}",
        email=f"person-{n}@example.org",
        zone="Europe/London",
        registered_at=LONG_AGO,
    )


def _meeting(n: int) -> dict[str, Any]:
    return {
        "meeting_id": _its_meeting(n),
        "community_id": _community(n),
        "uid": f"meeting-{n}@copse",
        "revision": 0,
        "title": "Practice hour",
        "starts_at": STARTS_AT,
        "ends_at": STARTS_AT + timedelta(hours=1),
        "zone": "Europe/London",
        "format": "in-person",
        "venue": "The library, Kirkby",
    }


def _shared(n: int) -> ResourceShared:
    return ResourceShared(
        resource_id=f"resource-{n}",
        community_id=_community(n),
        kind="link",
        title=f"What helped us, part {n}",
        shared_by=f"person-{n % PEOPLE}",
        url="https://example.org/what-helped",
    )
