"""What membership and scheduling promise, said again in the fewest words: a command is refused with a status, or has effects.

Written from the routes' descriptions, not from the rules' code; a history of commands is compared with it.
"""

from dataclasses import dataclass, field

Command = tuple[str, ...]  # what, by whom, and about what


class No(Exception):
    """A refusal, with its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def needs(condition: bool, status: int) -> None:
    if not condition:
        raise No(status)


@dataclass
class Community:
    """Who belongs to a community, and everything that was published of it, in order."""

    policy: str
    founder: str
    roles: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    handover: tuple[str, str] | None = None
    told: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.roles[self.founder] = "facilitator"
        self.told += [("CommunityStarted",), ("MemberJoined", self.founder, "facilitator")]

    def obey(self, command: Command) -> int:
        """Do what is commanded, wholly or not at all. The HTTP status of the answer."""
        what, *rest = command
        try:
            return getattr(self, what)(*rest)
        except No as refusal:
            return refusal.status

    def join(self, me: str) -> int:
        needs(me not in self.roles, 409)
        if self.others.get(me) == "invited" or self.policy == "open":
            return self._admit(me)
        needs(self.policy != "invite", 403)
        needs(self.others.get(me) != "requested", 409)
        self.others[me] = "requested"
        self.told.append(("MembershipRequested", me))
        return 202

    def leave(self, me: str, whom: str) -> int:
        needs(me == whom or self._facilitates(me), 403)
        needs(whom in self.roles, 404)
        self._needs_another(whom)
        del self.roles[whom]
        self.others[whom] = "left"
        if self.handover and whom in self.handover:
            self.handover = None
        self.told.append(("MemberLeft", whom))
        return 204

    def give_role(self, me: str, whom: str, role: str) -> int:
        needs(self._facilitates(me), 403)
        needs(whom in self.roles, 404)
        if self.roles[whom] == role:
            return 200
        if role != "facilitator":
            self._needs_another(whom)
        self._becomes(whom, role)
        self.told.append(("RoleGiven", whom, role))
        return 200

    def invite(self, me: str, whom: str) -> int:
        needs(self.roles.get(me) in ("facilitator", "co-facilitator"), 403)
        needs(whom not in self.roles, 409)
        needs(self.others.get(whom) not in ("invited", "requested"), 409)
        self.others[whom] = "invited"
        self.told.append(("MemberInvited", whom))
        return 201

    def decide(self, me: str, whom: str, decision: str) -> int:
        needs(self.roles.get(me) in ("facilitator", "co-facilitator"), 403)
        needs(self.others.get(whom) == "requested", 404)
        if decision == "accept":
            self._admit(whom)
            return 200
        self.others[whom] = "declined"
        self.told.append(("MembershipDeclined", whom))
        return 200

    def propose(self, me: str, to: str) -> int:
        needs(self._facilitates(me), 403)
        needs(to in self.roles, 404)
        needs(not self._facilitates(to), 409)
        self.handover = (me, to)
        self.told.append(("HandoverProposed", me, to))
        return 201

    def take_over(self, me: str, accept: str) -> int:
        needs(me in self.roles, 403)
        if self.handover is None:
            raise No(404)
        old, new = self.handover
        needs(me == new, 403)
        self.handover = None
        if accept != "yes":
            self.told.append(("HandoverDeclined", old, new))
            return 200
        self._becomes(new, "facilitator")
        self._becomes(old, "co-facilitator")
        self.told.append(("HandoverAccepted", old, new))
        self.told += [("RoleGiven", new, "facilitator"), ("RoleGiven", old, "co-facilitator")]
        return 200

    def redefine(self, me: str, policy: str) -> int:
        needs(self._facilitates(me), 403)
        if policy != self.policy:
            self.policy = policy
            self.told.append(("CommunityRedefined",))
        return 200

    def _facilitates(self, who: str) -> bool:
        return self.roles.get(who) == "facilitator"

    def _needs_another(self, than: str) -> None:
        rest = [one for one, role in self.roles.items() if role == "facilitator" and one != than]
        needs(bool(rest), 409)

    def _becomes(self, who: str, role: str) -> None:
        self.roles[who] = role
        if self.handover:
            old, new = self.handover
            if not self._facilitates(old) or self._facilitates(new):
                self.handover = None  # it has no sense any more

    def _admit(self, who: str) -> int:
        self.roles[who] = "member"
        self.others.pop(who, None)
        self.told.append(("MemberJoined", who, "member"))
        return 201


@dataclass
class Meeting:
    """A meeting, who comes, and everything that was published of it, in order."""

    seats: int
    answers: dict[str, list[str]] = field(
        default_factory=lambda: {"coming": [], "waiting": [], "tentative": [], "declined": []}
    )
    cancelled: bool = False
    told: list[tuple[str, ...]] = field(
        default_factory=lambda: [("MeetingScheduled",), ("MeetingAnnounced",)]
    )

    def rsvp(self, me: str, wish: str) -> int:
        needs(not self.cancelled, 409)
        now = self.standing(me)
        if now == wish or (now, wish) == ("waitlisted", "accepted"):
            return 200
        self._forget(me)
        promoted = self._promote()
        if wish == "accepted":
            free = len(self.answers["coming"]) < self.seats
            self.answers["coming" if free else "waiting"].append(me)
            line = len(self.answers["waiting"])
            self.told.append(("SeatTaken", me) if free else ("SeatAwaited", me, str(line)))
        else:
            self.answers[wish].append(me)
            self.told.append(("SeatConsidered" if wish == "tentative" else "SeatDeclined", me))
        self.told += promoted
        return 200

    def cancel(self) -> int:
        needs(not self.cancelled, 409)
        self.cancelled = True
        self.told.append(("MeetingCancelled",))
        return 200

    def resize(self, seats: str) -> int:
        needs(not self.cancelled, 409)
        if int(seats) != self.seats:
            self.seats = int(seats)
            promoted = self._promote()
            self.told += [("MeetingRedescribed",), *promoted]
        return 200

    def release(self, who: str) -> None:
        """They left the community."""
        if self.cancelled:
            return
        before = self.standing(who)
        self._forget(who)
        if before not in ("needs-action", "declined"):
            self.told += [("SeatDeclined", who), *self._promote()]

    def standing(self, who: str) -> str:
        names = {"coming": "accepted", "waiting": "waitlisted"}
        for name, people in self.answers.items():
            if who in people:
                return names.get(name, name)
        return "needs-action"

    def _forget(self, who: str) -> None:
        for people in self.answers.values():
            if who in people:
                people.remove(who)

    def _promote(self) -> list[tuple[str, ...]]:
        free = max(0, self.seats - len(self.answers["coming"]))
        up, self.answers["waiting"] = self.answers["waiting"][:free], self.answers["waiting"][free:]
        self.answers["coming"] += up
        return [("SeatPromoted", one) for one in up]
