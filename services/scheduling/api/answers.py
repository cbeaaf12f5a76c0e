"""Who comes: answers to a meeting's invitation."""

from pydantic import BaseModel, ConfigDict

from services.scheduling import store
from services.scheduling.api.meetings import meeting_before
from services.scheduling.api.refusals import ONLY_MEMBERS
from services.scheduling.model import Meeting, Status, Wish
from shared.errors import Malformed
from shared.http.auth import Principal
from shared.http.paging import BAD_CURSOR, Paging
from shared.http.router import Router, Tx

router = Router(prefix="/meetings/{meeting_id}", tags=["answers"])


class Rsvp(BaseModel):
    """What I answer."""

    model_config = ConfigDict(extra="forbid")

    status: Wish


class Answer(BaseModel):
    """What came of a person's answer; `position` is their place in the line for a seat."""

    person_id: str
    status: Status
    position: int | None

    @classmethod
    def of(cls, meeting: Meeting, person_id: str) -> "Answer":
        answers = meeting.answers
        return cls(
            person_id=person_id,
            status=answers.status_of(person_id),
            position=answers.position_of(person_id),
        )


class Answers(BaseModel):
    """One page of answers: those who come, who wait, who may come, who do not."""

    items: list[Answer]
    next: str | None


@router.put("/rsvp", responses=ONLY_MEMBERS)
async def answer(meeting_id: str, rsvp: Rsvp, me: Principal, tx: Tx) -> Answer:
    """Say whether I come. Where no seat is free, `accepted` puts me at the end of the line."""
    meeting, reader = await meeting_before(tx, meeting_id, me.person_id)
    reader.require_member()
    answered = await store.answer(tx, meeting.community_id, meeting_id, me.person_id, rsvp.status)
    return Answer.of(answered, me.person_id)


@router.get("/rsvps", responses=ONLY_MEMBERS)
async def list_answers(meeting_id: str, me: Principal, tx: Tx, page: Paging) -> Answers:
    """Facilitators see every answer; a member sees their own."""
    meeting, reader = await meeting_before(tx, meeting_id, me.person_id)
    reader.require_member()
    people = meeting.answers.everybody()
    if not reader.facilitates:
        people = [id for id in people if id == me.person_id]
    (start,) = page.position(int) or (0,)
    if start < 0:
        raise Malformed(BAD_CURSOR)
    shown, following = page.cut(
        people[start : start + page.wanted], lambda _: (start + page.limit,)
    )
    return Answers(items=[Answer.of(meeting, person_id) for person_id in shown], next=following)
