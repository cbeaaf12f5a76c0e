"""A community's life beside its model: how one asks, and what must be so after each step."""

from typing import Any, ClassVar

import httpx2
from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.faults.history_model import Command, Community, Meeting, No, needs
from tests.faults.history_system import System


class History(RuleBasedStateMachine):
    """What a history holds, asks and checks; `Histories` says what may happen in one."""

    system: ClassVar[System]
    id: str
    community: Community

    def __init__(self) -> None:
        super().__init__()
        self.meetings: dict[str, Meeting] = {}
        self.known: dict[str, str] | None = None  # what scheduling has heard: who has which role
        self.carried = 0  # how many events of the community it has heard

    # what must be so

    @invariant()
    def every_event_is_there_once_and_in_order(self) -> None:
        if not hasattr(self, "community"):
            return
        system = self.system
        assert system.run(system.told(system.membership, self.id)) == self.community.told
        for id, meeting in self.meetings.items():
            assert system.run(system.told(system.scheduling, id)) == meeting.told
        assert system.run(self._heard()) == (self.known or {})

    async def _heard(self) -> dict[str, str]:
        memberships = self.system.scheduling.database["memberships"]
        found = memberships.find({"community_id": self.id, "status": "active"})
        return {one["person_id"]: one["role"] async for one in found}

    def teardown(self) -> None:
        if hasattr(self, "community"):
            self.system.run(self._states())

    async def _states(self) -> None:
        membership, scheduling = self.system.membership.database, self.system.scheduling.database
        kept = await membership["communities"].find_one({"_id": self.id})
        model = self.community
        by_role = {
            role: {who for who, has in model.roles.items() if has == role}
            for role in ("facilitator", "co-facilitator")
        }
        assert set(kept["facilitators"]) == by_role["facilitator"]
        assert set(kept["co_facilitators"]) == by_role["co-facilitator"]
        assert (kept["members"], kept["join_policy"]) == (len(model.roles), model.policy)
        handover = kept["handover"] and tuple(kept["handover"].values())
        assert handover == model.handover
        found = membership["standings"].find({"community_id": self.id})
        standings = {one["person_id"]: one["status"] async for one in found}
        assert standings == dict.fromkeys(model.roles, "active") | model.others
        for id, meeting in self.meetings.items():
            stored = await scheduling["meetings"].find_one({"_id": id})
            assert {name: [*who] for name, who in stored["answers"].items()} == meeting.answers
            assert (stored["status"] == "cancelled") == meeting.cancelled

    def _hears(self, event: tuple[str, ...]) -> None:
        """What scheduling knows after an event of membership."""
        name, *about = event
        known = self.known = {} if self.known is None else self.known
        if name in ("MemberJoined", "RoleGiven"):
            known[about[0]] = about[1]
        if name == "MemberLeft":
            known.pop(about[0], None)
            for meeting in self.meetings.values():
                meeting.release(about[0])

    def _member(self, me: str) -> None:
        needs(self.known is not None, 404)
        needs(me in (self.known or {}), 403)

    def _facilitator(self, me: str) -> None:
        needs(self.known is not None, 404)
        needs((self.known or {}).get(me) in ("facilitator", "co-facilitator"), 403)

    def _expected(self, *steps: Any) -> int:
        status = 0
        try:
            for step in steps:
                status = step() or status
        except No as refusal:
            return refusal.status
        return status

    def _meeting(self, which: int) -> tuple[str, Meeting]:
        return [*self.meetings.items()][which % len(self.meetings)]

    def _arrives(self, record: dict[str, Any]) -> None:
        headers = [(name, bytes(text)) for name, text in record["headers"]]
        value, key = bytes(record["value"]), record["key"].encode()
        self.system.run(self.system.scheduling.arrives(record["topic"], key, value, headers))

    def _command(self, command: Command, headers: Any = None) -> httpx2.Response:
        return self.system.run(self.system.command(self.id, command, headers))

    def _ask(self, service: str, me: str, method: str, path: str, body: Any) -> httpx2.Response:
        return self.system.run(
            self.system.ask(getattr(self.system, service), me, method, path, body)
        )
