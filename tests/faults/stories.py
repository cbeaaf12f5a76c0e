"""What people do with membership and scheduling, and what must follow from it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from tests.faults.client import Person
from tests.faults.field import Field
from tests.faults.model import Model

COMMUNITIES, MEETINGS, PEOPLE = TOPICS = (
    "membership.communities",
    "scheduling.meetings",
    "membership.people",
)
COMMANDED = tuple(dict.fromkeys(topic.partition(".")[0] for topic in TOPICS))
"""Whom people tell what to do: they publish what becomes of it on these topics."""
OTHERS = 3
"""People whom a story needs for no more than the crowd."""
INVITED = "meeting-announced"
THOUGHTS = {
    "tentative": "SeatConsidered",
    "declined": "SeatDeclined",
    "accepted": "SeatTaken",
}


class Storyteller:
    """Tells the same story again and again, each time with new people."""

    def __init__(self, field: Field, model: Model, rest: Callable[[], Awaitable[None]]) -> None:
        self._field, self._model, self._rest = field, model, rest

    async def tell(self, _: int) -> None:
        """A community is started, meets, loses a member, and changes roles."""
        names = ("founder", "ann", "bob", "lee", "tim", *["other"] * OTHERS)
        people = [Person(self._field, self._model, one) for one in names]
        founder, ann, bob, lee, tim, *others = people
        community = await self._start(founder)
        crowd = (ann, bob, lee, *others)
        await asyncio.gather(*(self._join(one, community) for one in crowd))
        who = [("MemberJoined", one.person_id, "member") for one in crowd]
        self._model.together((COMMUNITIES, community), *who)
        await self._rest()
        await self._role(founder, ann, community, "co-facilitator")
        await self._comes_and_goes(tim, community)
        await self._rest()
        await self._meeting_with_a_line(community, founder, ann, bob, lee)
        await self._rest()
        await self._meeting_with_second_thoughts(community, [founder, ann, bob, *others])
        self._model.perhaps_told[INVITED, lee.person_id] += 1  # whether it is known that lee left
        for role in ("co-facilitator", "member", "co-facilitator", "member"):
            await self._role(founder, bob, community, role)
        await self._rest()

    # membership

    async def _start(self, founder: Person) -> str:
        wishes = {"community_type": "leads", "name": "Leads", "places": ["Kirkby"]}
        wishes |= {"privacy": "open", "join_policy": "open", "format": "online"}
        started = await founder.does("POST", "membership", "/communities", wishes)
        community: str = started["community_id"]
        first = ("CommunityStarted", "", ""), ("MemberJoined", founder.person_id, "facilitator")
        self._model.then((COMMUNITIES, community), *first)
        self._belongs(founder, community, "facilitator")
        return community

    async def _join(self, person: Person, community: str) -> None:
        await person.does("POST", "membership", f"/communities/{community}/members", {})
        self._belongs(person, community, "member")

    def _belongs(self, person: Person, community: str, role: str) -> None:
        me = person.person_id
        if not self._model.chains[PEOPLE, me]:
            self._model.then((PEOPLE, me), ("PersonRegistered", me, ""))
        self._model.memberships[f"{community}:{me}"] = "active", role
        self._model.told["welcome", me] += 1

    async def _leave(self, person: Person, community: str) -> None:
        await person.does("DELETE", "membership", f"/communities/{community}/members/me")
        self._model.then((COMMUNITIES, community), ("MemberLeft", person.person_id, ""))
        self._model.memberships[f"{community}:{person.person_id}"] = "left", None

    async def _comes_and_goes(self, person: Person, community: str) -> None:
        for again in (True, True, False):
            await self._join(person, community)
            joined = ("MemberJoined", person.person_id, "member")
            self._model.then((COMMUNITIES, community), joined)
            if again:
                await self._leave(person, community)

    async def _role(self, by: Person, person: Person, community: str, role: str) -> None:
        path = f"/communities/{community}/members/{person.person_id}/role"
        await by.does("PUT", "membership", path, {"role": role})
        self._model.then((COMMUNITIES, community), ("RoleGiven", person.person_id, role))
        self._model.memberships[f"{community}:{person.person_id}"] = "active", role

    # scheduling

    async def _meeting(self, by: Person, community: str, seats: int | None) -> str:
        starts_at = (datetime.now(UTC) + timedelta(days=10)).replace(microsecond=0)
        wish = {"starts_at": starts_at.isoformat(), "zone": "UTC", "seats": seats}
        path = f"/communities/{community}/meetings"
        meeting: str = (await by.does("POST", "scheduling", path, wish))["meeting_id"]
        told = ("MeetingScheduled", "", ""), ("MeetingAnnounced", "", "")
        self._model.then((MEETINGS, meeting), *told)
        for id, (status, _) in self._model.memberships.items():
            if id.startswith(community) and status == "active":
                self._model.told[INVITED, id.partition(":")[2]] += 1
        return meeting

    async def _answer(self, person: Person, meeting: str, status: str) -> None:
        await person.does("PUT", "scheduling", f"/meetings/{meeting}/rsvp", {"status": status})
        self._model.answers[f"{meeting}:{person.person_id}"] = status

    async def _meeting_with_a_line(
        self, community: str, founder: Person, ann: Person, bob: Person, lee: Person
    ) -> None:
        """Three seats; who is fourth moves up when somebody leaves the community."""
        meeting = await self._meeting(founder, community, 3)
        here, seated = (MEETINGS, meeting), (founder, ann, lee)
        await asyncio.gather(*(self._answer(one, meeting, "accepted") for one in seated))
        self._model.together(here, *(("SeatTaken", one.person_id, "") for one in seated))
        await self._answer(bob, meeting, "accepted")
        self._model.then(here, ("SeatAwaited", bob.person_id, "1"))
        await self._leave(lee, community)
        released = ("SeatDeclined", lee.person_id, "True")
        self._model.sometime[here].update([released, ("SeatPromoted", bob.person_id, "")])
        self._model.answers[f"{meeting}:{lee.person_id}"] = "left"
        self._model.told["seat-promoted", bob.person_id] += 1
        # Lee may have left before the invitation came round.
        self._model.told[INVITED, lee.person_id] -= 1
        self._model.perhaps_told[INVITED, lee.person_id] += 1

    async def _meeting_with_second_thoughts(self, community: str, people: list[Person]) -> None:
        """Everybody side by side changes their mind, on one hot meeting."""
        meeting = await self._meeting(people[0], community, None)
        for status, event in THOUGHTS.items():
            await asyncio.gather(*(self._answer(one, meeting, status) for one in people))
            said = [(event, one.person_id, "") for one in people]
            self._model.together((MEETINGS, meeting), *said)
