"""The community decides when it meets: its rhythm, and how early it invites."""

from typing import Annotated

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from services.scheduling import store
from services.scheduling.api.refusals import ONLY_FACILITATORS, ONLY_MEMBERS
from services.scheduling.api.views import RhythmView
from services.scheduling.model import Rhythm, Schedule, Standing
from services.scheduling.settings import Configured
from shared.http.auth import Principal
from shared.http.router import Router, Tx

router = Router(prefix="/communities/{community_id}", tags=["rhythm"])


class Notice(BaseModel):
    """How many days before a meeting of the rhythm its invitation goes out."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(strict=True, ge=0, le=180)]


@router.put("/rhythm", response_model_exclude_unset=True, responses=ONLY_FACILITATORS)
async def choose_rhythm(
    community_id: str, rhythm: Rhythm, me: Principal, tx: Tx, settings: Configured
) -> RhythmView:
    """The community meets in this rhythm from now on, or from `starts_on` on. For facilitators.

    Its meetings stand in the calendar six months ahead. Members hear of the choice once; the same
    choice again changes nothing. Of the old rhythm's meetings, one on a day that both share goes
    on with its answers; another is cancelled if members were invited or somebody answered, and
    else taken back quietly. Meetings that somebody arranged one by one stay.

    A local time that summer time skips moves forward by an hour on that day (RFC 5545, 3.3.5).
    """
    reader = (await store.standing_in(tx, community_id, me.person_id)).require_facilitator()
    chosen = await store.choose_rhythm(tx, community_id, rhythm, me.person_id, settings.feed_url)
    tx.tag()
    return _view(chosen, reader, settings)


@router.get("/rhythm", response_model_exclude_unset=True)
async def read_rhythm(community_id: str, me: Principal, tx: Tx, settings: Configured) -> RhythmView:
    """How the community meets. 404 where it chose none."""
    reader = (await store.standing_in(tx, community_id, me.person_id)).require_reader()
    schedule = await store.schedule(tx, community_id)
    if reader.facilitates:
        tx.tag()  # what others see depends on who they are too
    return _view(schedule, reader, settings)


@router.delete("/rhythm", status_code=204, responses=ONLY_FACILITATORS)
async def end_rhythm(community_id: str, me: Principal, tx: Tx) -> Response:
    """No further meetings. Those that members were invited to or answered stay. For facilitators."""
    (await store.standing_in(tx, community_id, me.person_id)).require_facilitator()
    await store.end_rhythm(tx, community_id)
    return Response(status_code=204)


@router.get("/notice", responses=ONLY_MEMBERS)
async def read_notice(community_id: str, me: Principal, tx: Tx) -> Notice:
    """How early members are invited."""
    (await store.standing_in(tx, community_id, me.person_id)).require_member()
    schedule = await store.schedule(tx, community_id)
    tx.tag()
    return Notice(days=schedule.notice_days)


@router.put("/notice", responses=ONLY_FACILITATORS)
async def give_notice(community_id: str, notice: Notice, me: Principal, tx: Tx) -> Notice:
    """Invite this many days before, also to the meetings that stand already. For facilitators."""
    (await store.standing_in(tx, community_id, me.person_id)).require_facilitator()
    await store.give_notice(tx, community_id, notice.days)
    return notice


def _view(schedule: Schedule, reader: Standing, settings: Configured) -> RhythmView:
    url = settings.feed_url(schedule.feed_token)
    return RhythmView.of(schedule, schedule.require_rhythm(), reader, url)
