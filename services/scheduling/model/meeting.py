"""One meeting: what it is, and who comes."""

from datetime import date, datetime, timedelta
from typing import Any, Literal, Self

from pydantic import AwareDatetime

from services.scheduling.model.answers import Answers, Wish
from services.scheduling.model.details import Details
from shared.contracts.scheduling import (
    MeetingAnnounced,
    MeetingCancelled,
    MeetingMoved,
    MeetingRedescribed,
    MeetingScheduled,
    MeetingWithdrawn,
    SeatAwaited,
    SeatConsidered,
    SeatDeclined,
    SeatPromoted,
    SeatTaken,
)
from shared.errors import Refused
from shared.events.event import Event


class AlreadyCancelled(Refused):
    """This meeting is cancelled."""


class MeetingOver(Refused):
    """This meeting is over."""


class Meeting(Details, frozen=True):
    """A meeting with an id and a UID that never change."""

    meeting_id: str
    community_id: str
    uid: str
    revision: int = 0
    status: Literal["confirmed", "cancelled", "withdrawn"] = "confirmed"
    reason: str | None = None
    """Why it was cancelled."""
    occurrence: date | None = None
    """The day of the rhythm that it stands for; None where somebody scheduled it by itself."""
    by_hand: bool = False
    """Somebody scheduled, changed or cancelled this very meeting: a rhythm leaves it alone."""
    announce_at: AwareDatetime
    announced_at: AwareDatetime | None = None
    updated_at: AwareDatetime
    """When it was last described anew; answers do not count."""
    answers: Answers = Answers()

    @classmethod
    def schedule(
        cls,
        meeting_id: str,
        community_id: str,
        details: Details,
        at: datetime,
        *,
        notice_days: int | None = None,
        occurrence: date | None = None,
    ) -> tuple[Self, *tuple[Event, ...]]:
        """A community will meet. Members are invited at once, or `notice_days` before."""
        details.require_time_ahead(at)
        notice = timedelta(days=notice_days) if notice_days is not None else None
        meeting = cls(
            **dict(details),
            meeting_id=meeting_id,
            community_id=community_id,
            uid=f"{meeting_id}@copse",
            occurrence=occurrence,
            by_hand=occurrence is None,
            announce_at=at if notice is None else details.starts_at - notice,
            updated_at=_second(at),
        )
        announced, *invitation = meeting.announce(at)
        return announced, MeetingScheduled(**meeting._description()), *invitation

    # what is decided about it

    @property
    def details(self) -> Details:
        return Details.model_validate(self.model_dump(include=set(Details.model_fields)))

    @property
    def is_known(self) -> bool:
        """Whether anybody counts on it: members were invited, or somebody answered."""
        answers = self.answers
        return bool(self.announced_at or answers.coming or answers.waiting or answers.tentative)

    def announce(self, at: datetime) -> tuple[Self, *tuple[Event, ...]]:
        """Invite the members, once, when the time for it has come."""
        due = self.announced_at is None and self.announce_at <= at < self.starts_at
        if not due or self.status != "confirmed":
            return (self,)
        announced = self.model_copy(update={"announced_at": at})
        return announced, MeetingAnnounced(**announced._description())

    def give_notice(self, days: int) -> Self:
        """Invite the members this many days before, unless they are invited."""
        if self.announced_at:
            return self
        return self.model_copy(update={"announce_at": self.starts_at - timedelta(days=days)})

    def change(
        self, details: Details, at: datetime, *, by_hand: bool = True
    ) -> tuple[Self, *tuple[Event, ...]]:
        """The meeting is otherwise. Answers stay; more seats go to those who wait."""
        self._require_future(at)
        if self.details == details:
            return (self,)
        if details.starts_at != self.starts_at:
            details.require_time_ahead(at)
        moved = self.when_and_where != details.when_and_where
        answers, promoted = self.answers.promote(details.seats)
        later = details.starts_at - self.starts_at
        changed = self.model_copy(
            update={
                **dict(details),
                "answers": answers,
                "by_hand": self.by_hand or by_hand,
                "revision": self.revision + moved,
                "announce_at": self.announce_at if self.announced_at else self.announce_at + later,
                "updated_at": _second(at),
            }
        )
        event_type = MeetingMoved if moved else MeetingRedescribed
        event = event_type(**changed._description())
        return changed, event, *changed._promotions(promoted)

    def cancel(
        self, reason: str, at: datetime, *, by_hand: bool = True
    ) -> tuple[Self, MeetingCancelled]:
        """The meeting will not take place."""
        self._require_future(at)
        cancelled = self.model_copy(
            update={
                "status": "cancelled",
                "reason": reason,
                "by_hand": self.by_hand or by_hand,
                "revision": self.revision + 1,
                "updated_at": _second(at),
            }
        )
        return cancelled, MeetingCancelled(**cancelled._description(), reason=reason)

    def withdraw(self, at: datetime) -> tuple[Self, MeetingWithdrawn]:
        """Take back a meeting that nobody counts on; nobody needs to hear of it."""
        withdrawn = self.model_copy(update={"status": "withdrawn", "updated_at": _second(at)})
        return withdrawn, MeetingWithdrawn(
            meeting_id=self.meeting_id, community_id=self.community_id
        )

    # who comes

    def answer(self, person_id: str, wish: Wish, at: datetime) -> tuple[Self, *tuple[Event, ...]]:
        """Say whether one comes. A seat that this frees goes to the first in line at once."""
        self._require_future(at)
        status = self.answers.status_of(person_id)
        if status == wish or (status, wish) == ("waitlisted", "accepted"):
            return (self,)
        answers, promoted = self.answers.without(person_id).promote(self.seats)
        if wish == "accepted":
            answers = answers.seat(person_id, self.seats)
        else:
            answers = answers.note(person_id, wish)
        after = self.model_copy(update={"answers": answers})
        return after, after._answered(person_id), *after._promotions(promoted)

    def release(self, person_id: str) -> tuple[Self, *tuple[Event, ...]]:
        """Who left the community holds no seat, and waits for none."""
        status = self.answers.status_of(person_id)
        answers, promoted = self.answers.without(person_id).promote(self.seats)
        after = self.model_copy(update={"answers": answers})
        if status in ("needs-action", "declined"):
            return (after,)
        freed = SeatDeclined(**self._ids(person_id), left=True)
        return after, freed, *after._promotions(promoted)

    def _answered(self, person_id: str) -> Event:
        ids = self._ids(person_id)
        if position := self.answers.position_of(person_id):
            return SeatAwaited(**ids, position=position)
        status = self.answers.status_of(person_id)
        event_types = {"accepted": SeatTaken, "tentative": SeatConsidered}
        return event_types.get(status, SeatDeclined)(**ids)

    def _promotions(self, promoted: tuple[str, ...]) -> list[Event]:
        return [SeatPromoted(**self._ids(person_id)) for person_id in promoted]

    def _require_future(self, at: datetime) -> None:
        if self.status != "confirmed":
            raise AlreadyCancelled("It will not take place; nothing about it can change.")
        if at >= self.ends_at:
            raise MeetingOver("It has ended; the past does not change.")

    def _ids(self, person_id: str) -> dict[str, Any]:
        return {
            "meeting_id": self.meeting_id,
            "community_id": self.community_id,
            "person_id": person_id,
        }

    def _description(self) -> dict[str, Any]:
        names = (*Details.model_fields, "meeting_id", "community_id", "uid", "revision", "status")
        return {name: getattr(self, name) for name in (*names, "updated_at")}


def _second(at: datetime) -> datetime:
    """Calendars know no fractions of a second."""
    return at.replace(microsecond=0)
