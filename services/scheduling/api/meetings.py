"""Meetings: scheduled by hand, read, moved, cancelled."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from services.scheduling import store
from services.scheduling.api.refusals import ONLY_FACILITATORS
from services.scheduling.api.views import MeetingView
from services.scheduling.model import Meeting, MeetingWish, Standing
from shared.events.event import new_id
from shared.http.auth import Principal
from shared.http.paging import Paging
from shared.http.router import Router, Tx
from shared.storage.unit_of_work import Transaction
from shared.types.clock import Moment, now
from shared.types.fields import Reason

router = Router(tags=["meetings"])


class Cancellation(BaseModel):
    """Why a meeting will not take place; members read it."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Meetings(BaseModel):
    """One page of a community's meetings, by start."""

    items: list[MeetingView]
    next: str | None


@router.post(
    "/communities/{community_id}/meetings",
    status_code=201,
    response_model_exclude_unset=True,
    responses=ONLY_FACILITATORS,
)
async def schedule_meeting(
    community_id: str, wish: MeetingWish, me: Principal, tx: Tx, response: Response
) -> MeetingView:
    """Schedule a single meeting; members are invited at once. For facilitators.

    `starts_at` bears an offset: UTC, or the zone's own. Or give `starts_on` and `local_time`, read
    on the clocks of `zone`; a time that summer time skips is refused.
    """
    reader = (await store.standing_in(tx, community_id, me.person_id)).require_facilitator()
    name = "" if wish.title else await store.name_of(tx, community_id)
    details = wish.new(name, now())
    meeting = store.schedule_meeting(tx, Meeting.schedule(new_id(), community_id, details, now()))
    tx.tag()
    response.headers["location"] = f"/meetings/{meeting.meeting_id}"
    return MeetingView.of(meeting, reader)


@router.get("/communities/{community_id}/meetings", response_model_exclude_unset=True)
async def list_meetings(
    community_id: str,
    me: Principal,
    tx: Tx,
    page: Paging,
    *,
    moment: Annotated[Moment | None, Query(alias="from")] = None,
) -> Meetings:
    """Meetings that end after `from` (now, if it is not given), by start; cancelled ones among them."""
    reader = (await store.standing_in(tx, community_id, me.person_id)).require_reader()
    after = page.position(datetime, str)
    listed = await store.meetings_from(tx, community_id, moment or now(), after, page.wanted)
    meetings, following = page.cut(
        listed, lambda meeting: (meeting.starts_at.isoformat(), meeting.meeting_id)
    )
    return Meetings(items=[MeetingView.of(meeting, reader) for meeting in meetings], next=following)


@router.get("/meetings/{meeting_id}", response_model_exclude_unset=True)
async def read_meeting(meeting_id: str, me: Principal, tx: Tx) -> MeetingView:
    """A meeting, and what I answered."""
    meeting, reader = await meeting_before(tx, meeting_id, me.person_id)
    if reader.facilitates:
        tx.tag()  # what others see depends on who they are too
    return MeetingView.of(meeting, reader)


@router.patch(
    "/meetings/{meeting_id}", response_model_exclude_unset=True, responses=ONLY_FACILITATORS
)
async def change_meeting(meeting_id: str, wish: MeetingWish, me: Principal, tx: Tx) -> MeetingView:
    """Move a meeting, or describe it otherwise; fields not sent stay, answers stay. For facilitators."""
    _, reader = await meeting_before(tx, meeting_id, me.person_id)
    reader.require_facilitator()
    changed = await store.change_meeting(
        tx,
        meeting_id,
        lambda meeting: meeting.change(wish.applied_to(meeting.details, now()), now()),
    )
    tx.tag()
    return MeetingView.of(changed, reader)


@router.post(
    "/meetings/{meeting_id}/cancellation",
    response_model_exclude_unset=True,
    responses=ONLY_FACILITATORS,
)
async def cancel_meeting(
    meeting_id: str, cancellation: Cancellation, me: Principal, tx: Tx
) -> MeetingView:
    """This one meeting will not take place; the others are untouched. For facilitators."""
    _, reader = await meeting_before(tx, meeting_id, me.person_id)
    reader.require_facilitator()
    cancelled = await store.change_meeting(
        tx, meeting_id, lambda meeting: meeting.cancel(cancellation.reason, now())
    )
    tx.tag()
    return MeetingView.of(cancelled, reader)


async def meeting_before(
    tx: Transaction, meeting_id: str, person_id: str
) -> tuple[Meeting, Standing]:
    """A meeting and who stands before it. For strangers it does not exist."""
    meeting = await store.meeting(tx, meeting_id)
    reader = await store.standing_in(tx, meeting.community_id, person_id)
    if not reader.may_read:
        raise store.no_such_meeting(meeting_id)
    return meeting, reader
