"""How events that were set aside are listed and shown."""

from typing import Any

from deploy.cli.dead_letters.selection import databases
from deploy.cli.events.readable import indented, text
from deploy.cli.terminal import Wrong, document, duration, say, table
from shared.storage.layout import PARKED
from shared.storage.unit_of_work import Filter
from shared.types.clock import now

KNOWN = (
    *("topic", "partition", "offset", "key", "state", "reason", "fingerprint", "attempts"),
    *("parked_at", "next_at"),
)
SHORT = 100  # characters of a reason in a list


async def listed(
    state: str, where: Filter, service: str | None, *, limit: int, kinds: bool, as_json: bool
) -> None:
    """What is set aside, the oldest first; or one line for each kind of failure."""
    meant = {**where, "state": state}
    found: list[dict[str, Any]] = []
    more = 0
    async for name, database in databases(service):
        parked = database[PARKED]
        if kinds:
            found += [_kind(name, one) async for one in parked.aggregate(_by_kind(meant))]
            continue
        there = await parked.count_documents(meant)
        room = max(0, limit - len(found))
        if room:
            cursor = parked.find(meant, dict.fromkeys(KNOWN, 1)).sort("parked_at", 1).limit(room)
            found += [_known(name, one) async for one in cursor]
        more += max(0, there - room)
    if as_json:
        document(found)
    elif not found:
        say(f"Nothing is {state}.")
    elif kinds:
        rows = [
            (one["service"], one["topic"], one["events"], one["fingerprint"], _short(one))
            for one in found
        ]
        table("Service", "Topic", "Events", "Fingerprint", "An example of the reason", rows=rows)
    else:
        _table(state, found)
        if more:
            say(f"… and {more} more: --limit, --kinds, or a condition.")


async def shown(state: str, id: str, service: str | None, *, as_json: bool) -> None:
    """Everything that is known of one event, for every service that set it aside."""
    found: list[dict[str, Any]] = []
    async for name, database in databases(service):
        one = await database[PARKED].find_one({"_id": id, "state": state})
        if one:
            headers = {header: text(bytes(content)) for header, content in one["headers"]}
            found.append(_known(name, one) | {"headers": headers, "value": text(one["value"])})
    if not found:
        raise Wrong(f"No service has a {state} event {id}.")
    if as_json:
        return document(found)
    for one in found:
        for field in ("service", "id", *KNOWN[3:]):
            say(f"{field:12} {one[field]}")
        for header, content in one["headers"].items():
            say(f"  {header}: {content}")
        say(indented(one["value"]))
    return None


def _known(service: str, one: dict[str, Any]) -> dict[str, Any]:
    return {"service": service, "id": one["_id"], **{field: one.get(field) for field in KNOWN}}


def _table(state: str, found: list[dict[str, Any]]) -> None:
    due = state == "held"
    rows = [
        (
            *(one["service"], one["id"], one["key"], one["attempts"]),
            duration((now() - one["parked_at"]).total_seconds()),
            *([duration(max(0.0, (one["next_at"] - now()).total_seconds()))] if due else []),
            *(one["fingerprint"], _short(one)),
        )
        for one in found
    ]
    wait = ["Again in"] if due else []
    table("Service", "Id", "Key", "Attempts", "Age", *wait, "Fingerprint", "Reason", rows=rows)


def _by_kind(meant: Filter) -> list[dict[str, Any]]:
    group = {
        "_id": {"topic": "$topic", "fingerprint": "$fingerprint"},
        "events": {"$sum": 1},
        "keys": {"$addToSet": "$key"},
        "reason": {"$first": "$reason"},
        "oldest": {"$min": "$parked_at"},
        "newest": {"$max": "$parked_at"},
    }
    counted = {"$set": {"keys": {"$size": "$keys"}}}
    return [{"$match": meant}, {"$group": group}, counted, {"$sort": {"events": -1}}]


def _kind(service: str, one: dict[str, Any]) -> dict[str, Any]:
    return {"service": service, **one.pop("_id"), **one}


def _short(one: dict[str, Any]) -> str:
    reason = " ".join(one["reason"].split())
    return reason if len(reason) <= SHORT else reason[: SHORT - 1] + "…"
