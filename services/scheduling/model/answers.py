"""Who said what to a meeting: seats in order, and the line for them."""

from typing import Literal, Self

from pydantic import BaseModel

Wish = Literal["accepted", "declined", "tentative"]
"""What a person may answer (RFC 5545, 3.2.12)."""
Status = Literal["needs-action", "accepted", "declined", "tentative", "waitlisted"]
"""What came of it."""


class Answers(BaseModel, frozen=True):
    """Everybody stands in one list at most; nobody waits while a seat is free."""

    coming: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    tentative: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()

    def status_of(self, person_id: str) -> Status:
        if person_id in self.coming:
            return "accepted"
        if person_id in self.waiting:
            return "waitlisted"
        if person_id in self.tentative:
            return "tentative"
        return "declined" if person_id in self.declined else "needs-action"

    def position_of(self, person_id: str) -> int | None:
        """The place in line, from 1."""
        return self.waiting.index(person_id) + 1 if person_id in self.waiting else None

    def everybody(self) -> list[str]:
        """In the order of coming, waiting, undecided, declined; each in the order they answered."""
        return [*self.coming, *self.waiting, *self.tentative, *self.declined]

    def without(self, person_id: str) -> Self:
        return self.model_copy(
            update={
                name: tuple(id for id in people if id != person_id)
                for name, people in self
                if person_id in people
            }
        )

    def seat(self, person_id: str, seats: int | None) -> Self:
        """The next free seat, else the end of the line."""
        free = seats is None or len(self.coming) < seats
        return self._with("coming" if free else "waiting", person_id)

    def note(self, person_id: str, wish: Literal["declined", "tentative"]) -> Self:
        return self._with(wish, person_id)

    def promote(self, seats: int | None) -> tuple[Self, tuple[str, ...]]:
        """Fill the free seats from the line; who moved up, in order."""
        free = len(self.waiting) if seats is None else max(0, seats - len(self.coming))
        promoted, waiting = self.waiting[:free], self.waiting[free:]
        update = {"coming": (*self.coming, *promoted), "waiting": waiting}
        return self.model_copy(update=update), promoted

    def _with(self, name: str, person_id: str) -> Self:
        return self.model_copy(update={name: (*getattr(self, name), person_id)})
