"""Membership and scheduling in this process, for histories: who asks what, and what was published of it."""

import asyncio
import itertools
import json
from typing import Any

import httpx2

from tests.faults.history_model import Command
from tests.support.service import Service

PEOPLE = ("ann", "bob", "cat", "dan")
TOLD = {
    "MemberJoined": ("person_id", "role"),
    "RoleGiven": ("person_id", "role"),
    "SeatAwaited": ("person_id", "position"),
    **dict.fromkeys(
        ("HandoverProposed", "HandoverAccepted", "HandoverDeclined"),
        ("from_person_id", "to_person_id"),
    ),
}


class System:
    """Both services in this process, and a loop to run them."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, membership: Service, scheduling: Service
    ) -> None:
        self.membership, self.scheduling = membership, scheduling
        self.run = loop.run_until_complete
        self._clients = {
            (service, who): service.as_(who)
            for service in (membership, scheduling)
            for who in PEOPLE
        }
        self._keys = itertools.count()

    async def prepare(self) -> None:
        operator = self.membership.as_("olga", scopes=("copse:operator",))
        least = {"name": "Leads", "purpose": "Learn", "charter": "Be kind", "agreement": "Agree"}
        (await operator.put("/community-types/leads", json=least)).raise_for_status()
        for who in PEOPLE:
            (await self._clients[self.membership, who].put("/people/me")).raise_for_status()

    def fresh_key(self) -> dict[str, str]:
        return {"idempotency-key": f"k{next(self._keys)}"}

    async def ask(
        self, service: Service, who: str, method: str, path: str, body: Any, headers: Any = None
    ) -> httpx2.Response:
        client = self._clients[service, who]
        return await client.request(method, path, json=body, headers=headers or {})

    async def command(
        self, community_id: str, command: Command, headers: Any = None
    ) -> httpx2.Response:
        what, me, *about = command
        method, path, body = request_of(what, me, *about)
        whole = f"/communities/{community_id}{path}"
        return await self.ask(self.membership, me, method, whole, body, headers)

    async def told(self, service: Service, key: str) -> list[tuple[str, ...]]:
        """What was published of an aggregate: each event once, in the order of its sequence."""
        found = await service.database["outbox"].find({"key": key}).sort("seq", 1).to_list(None)
        sequences = [one["seq"] for one in found]
        assert sequences == sorted(set(sequences)), f"{key}: {sequences}"
        return [said(json.loads(bytes(one["value"]))) for one in found]

    async def records(self, key: str) -> list[dict[str, Any]]:
        return (
            await self.membership.database["outbox"].find({"key": key}).sort("seq", 1).to_list(None)
        )


def request_of(what: str, me: str, *about: str) -> tuple[str, str, Any]:
    """The method, path and body of a command."""
    other = about[0] if about else ""
    match what:
        case "join":
            return "POST", "/members", None
        case "leave":
            return "DELETE", f"/members/{other}", None
        case "give_role":
            return "PUT", f"/members/{other}/role", {"role": about[1]}
        case "invite":
            return "POST", "/invitations", {"person_id": other}
        case "decide":
            reason = "The places are taken." if about[1] == "decline" else None
            return "PUT", f"/requests/{other}", {"decision": about[1], "reason": reason}
        case "propose":
            return "POST", "/handover", {"to": other}
        case "take_over":
            return "PUT", "/handover", {"accept": other == "yes"}
        case _:
            return "PATCH", "", {"join_policy": other}


def said(event: dict[str, Any]) -> tuple[str, ...]:
    name = event["type"].split(".")[2]
    data = event["data"]
    fields = TOLD.get(name, ("person_id",) if "person_id" in data else ())
    return name, *(str(data[one]) for one in fields)
