"""What the region holds now, for a table."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from deploy.local.tokens import OPERATOR
from deploy.region.client import Caller, Doors
from deploy.region.communities import Found, find, insider
from deploy.region.data import Region


def summarise(region: Region, doors: Doors) -> list[tuple[str, str]]:
    """A row for each community of the region, and how many others there are."""
    operator = doors.for_(region.office, OPERATOR)
    callers = {key: doors.for_(person) for key, person in region.people.items()}
    ours = [(one, found) for one in region.communities.values() if (found := find(one, operator))]
    rows = [
        (found.name, _about(found, insider(one, found, callers), operator)) for one, found in ours
    ]
    if (others := len(operator.every("membership", "communities")) - len(ours)) > 0:
        rows.append(("Other communities", str(others)))
    return [*rows, ("Somebody to be", _somebody(region))]


def _somebody(region: Region) -> str:
    """Whom a token could be for, to see a facilitator's side."""
    community = next(iter(region.communities.values()))
    address = region.people[community.started_by].address
    return f"{address}, who facilitates in {community.places[0]}"


def _about(found: Found, someone: Caller | None, operator: Caller) -> str:
    shared = len(operator.every("resources", "communities", found.id, "resources"))
    parts = [_count(found.members, "member"), _count(shared, "resource")]
    if someone:
        meetings = someone.every("scheduling", "communities", found.id, "meetings")
        ahead = (one for one in meetings if one["status"] == "confirmed")
        parts.append(_next(next(ahead, None)))
    return " · ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _next(meeting: dict[str, Any] | None) -> str:
    if meeting is None:
        return "no meeting ahead"
    zone = ZoneInfo(meeting["zone"])
    starts_at = datetime.fromisoformat(meeting["starts_at"]).astimezone(zone)
    day = f"{starts_at:%a} {starts_at.day} {starts_at:%b %Y, %H:%M}"
    return f"meets {day}, {meeting['format']}"
