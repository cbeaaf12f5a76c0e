"""Random histories of commands at membership and scheduling, side by side with the model of what they promise.

Real HTTP handling and MongoDB; what membership publishes is carried to scheduling late, twice, and again.
"""

import asyncio
import copy
import itertools
import json
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.faults.history import History
from tests.faults.history_model import Command, Community, Meeting, No
from tests.faults.history_system import PEOPLE, said

POLICIES = ("open", "request", "invite")
STARTS = (datetime.now(UTC) + timedelta(days=300)).isoformat()

someone = st.sampled_from(PEOPLE)
commands = st.one_of(
    st.tuples(st.just("join"), someone),
    st.tuples(st.just("join"), someone),
    st.tuples(st.just("leave"), someone, someone),
    st.tuples(
        st.just("give_role"),
        someone,
        someone,
        st.sampled_from(["member", "co-facilitator", "facilitator"]),
    ),
    st.tuples(st.just("invite"), someone, someone),
    st.tuples(st.just("decide"), someone, someone, st.sampled_from(["accept", "decline"])),
    st.tuples(st.just("propose"), someone, someone),
    st.tuples(st.just("take_over"), someone, st.sampled_from(["yes", "no"])),
    st.tuples(st.just("redefine"), someone, st.sampled_from(POLICIES)),
)
wishes = st.sampled_from(["accepted", "declined", "tentative"])


class Histories(History):
    """One community's life. Every answer, event and state must be the model's."""

    @initialize(policy=st.sampled_from(POLICIES), lively=st.integers(0, 3))
    def start(self, policy: str, lively: int) -> None:
        """Most histories begin with a community that has members and a meeting of one seat."""
        body = {"community_type": "leads", "name": "Leads", "join_policy": policy} | {
            "places": ["Leeds"]
        }
        reply = self._ask("membership", "ann", "POST", "/communities", body)
        assert reply.status_code == 201, reply.text
        self.id = reply.json()["community_id"]
        self.community = Community(policy, "ann")
        if lively:
            for me in PEOPLE[1:]:
                self.one_command(("invite", "ann", me))
                self.one_command(("join", me))
            self.news_travels(count=20, twice=False)
            self.schedule("ann", seats=1)

    # membership

    @rule(command=commands)
    def one_command(self, command: Command) -> None:
        expected = self.community.obey(command)
        reply = self._command(command)
        assert reply.status_code == expected, f"{command}: {reply.text}"

    @rule(command=commands)
    def the_same_command_sent_again(self, command: Command) -> None:
        """With the same key: what was done is not done again, what was refused may be tried again."""
        key = self.system.fresh_key()
        expected = self.community.obey(command)
        first, second = self._command(command, key), self._command(command, key)
        assert (first.status_code, second.status_code) == (expected, expected)
        assert first.content == second.content or expected >= 400
        assert ("idempotency-replayed" in second.headers) == (expected < 400)

    @rule(together=st.lists(commands, min_size=2, max_size=3))
    def commands_at_once(self, together: list[Command]) -> None:
        """Some order of them, one after the other, explains every answer and every event."""

        async def at_once() -> list[int]:
            asked = [self.system.command(self.id, one) for one in together]
            return [reply.status_code for reply in await asyncio.gather(*asked)]

        answers = self.system.run(at_once())
        told = self.system.run(self.system.told(self.system.membership, self.id))
        for order in itertools.permutations(range(len(together))):
            after = copy.deepcopy(self.community)
            statuses = {at: after.obey(together[at]) for at in order}
            if [statuses[at] for at in range(len(together))] == answers and after.told == told:
                self.community = after
                return
        raise AssertionError(f"no order of {together} explains {answers} and {told}")

    @rule(command=commands)
    def the_same_command_twice_at_once(self, command: Command) -> None:
        key = self.system.fresh_key()

        async def twice() -> list[int]:
            asked = [self.system.command(self.id, command, key) for _ in range(2)]
            return [reply.status_code for reply in await asyncio.gather(*asked)]

        expected = self.community.obey(command)
        answers = self.system.run(twice())
        assert expected in answers
        assert set(answers) <= {expected, 409}, f"{command}: {answers}"

    # scheduling

    @rule(count=st.integers(1, 6), twice=st.booleans())
    def news_travels(self, count: int, twice: bool) -> None:
        records = self.system.run(self.system.records(self.id))
        news = records[self.carried : self.carried + count]
        for one in news:
            for _ in range(1 + twice):
                self._arrives(one)
            self._hears(said(json.loads(bytes(one["value"]))))
        self.carried += len(news)

    @precondition(lambda self: self.carried)
    @rule(at=st.integers(0, 50))
    def old_news_comes_again(self, at: int) -> None:
        records = self.system.run(self.system.records(self.id))[: self.carried]
        for one in records[at % self.carried :][:4]:
            self._arrives(one)

    @precondition(lambda self: len(self.meetings) < 2)
    @rule(me=someone, seats=st.integers(1, 2))
    def schedule(self, me: str, seats: int) -> None:
        body = {"starts_at": STARTS, "minutes": 60, "format": "online", "seats": seats}
        body["join_url"] = "https://meet.example/abc"
        expected = self._expected(lambda: self._facilitator(me)) or 201
        path = f"/communities/{self.id}/meetings"
        reply = self._ask("scheduling", me, "POST", path, body)
        assert reply.status_code == expected, reply.text
        if expected == 201:
            self.meetings[reply.json()["meeting_id"]] = Meeting(seats)

    @precondition(lambda self: self.meetings)
    @rule(me=someone, which=st.integers(0, 1), wish=wishes)
    def answer(self, me: str, which: int, wish: str) -> None:
        id, meeting = self._meeting(which)
        expected = self._expected(lambda: self._member(me), lambda: meeting.rsvp(me, wish))
        reply = self._ask("scheduling", me, "PUT", f"/meetings/{id}/rsvp", {"status": wish})
        assert reply.status_code == expected, reply.text
        if expected == 200:
            assert reply.json()["status"] == meeting.standing(me)

    @precondition(lambda self: self.meetings and len(self.known or ()) > 1)
    @rule(which=st.integers(0, 1), wished=st.lists(wishes, min_size=4, max_size=4))
    def everybody_answers_at_once(self, which: int, wished: list[str]) -> None:
        id, meeting = self._meeting(which)
        asked = [(me, wish) for me, wish in zip(PEOPLE, wished, strict=True) if me in self.known]  # type: ignore[operator]
        path = f"/meetings/{id}/rsvp"

        async def at_once() -> list[int]:
            scheduling = self.system.scheduling
            calls = [
                self.system.ask(scheduling, me, "PUT", path, {"status": wish}) for me, wish in asked
            ]
            return [reply.status_code for reply in await asyncio.gather(*calls)]

        answers = self.system.run(at_once())
        told = self.system.run(self.system.told(self.system.scheduling, id))
        for order in itertools.permutations(asked):
            after = copy.deepcopy(meeting)
            statuses = {me: _status(after, me, wish) for me, wish in order}
            if [statuses[me] for me, _ in asked] == answers and after.told == told:
                self.meetings[id] = after
                return
        raise AssertionError(f"no order of {asked} explains {answers} and {told}")

    @precondition(lambda self: self.meetings)
    @rule(me=someone, which=st.integers(0, 1), seats=st.integers(1, 3))
    def resize(self, me: str, which: int, seats: int) -> None:
        id, meeting = self._meeting(which)
        expected = self._expected(lambda: self._facilitator(me), lambda: meeting.resize(str(seats)))
        reply = self._ask("scheduling", me, "PATCH", f"/meetings/{id}", {"seats": seats})
        assert reply.status_code == expected, reply.text

    @precondition(lambda self: self.meetings)
    @rule(me=someone, which=st.integers(0, 1), surely=st.integers(0, 3))
    def cancel(self, me: str, which: int, surely: int) -> None:
        id, meeting = self._meeting(which)
        if surely:  # a history goes on longer when most meetings take place
            return
        expected = self._expected(lambda: self._facilitator(me), meeting.cancel)
        path = f"/meetings/{id}/cancellation"
        reply = self._ask("scheduling", me, "POST", path, {"reason": "Snow"})
        assert reply.status_code == expected, reply.text


def _status(meeting: Meeting, me: str, wish: str) -> int:
    try:
        return meeting.rsvp(me, wish)
    except No as refusal:
        return refusal.status
