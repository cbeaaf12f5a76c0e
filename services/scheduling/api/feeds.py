"""Calendars to subscribe to."""

from fastapi import Response
from pydantic import BaseModel

from services.scheduling import store
from services.scheduling.api.refusals import ONLY_FACILITATORS, ONLY_MEMBERS
from services.scheduling.settings import Configured
from shared.errors import NotFound
from shared.http.auth import Principal
from shared.http.router import Router, Tx

router = Router(tags=["feeds"])


class NoSuchFeed(NotFound):
    """This address leads to no calendar."""


class Feed(BaseModel):
    """The address of a calendar. Whoever has it can read it."""

    url: str


@router.post("/people/me/feed")
async def rotate_my_feed(me: Principal, tx: Tx, settings: Configured) -> Feed:
    """A new address of my calendar, with the meetings of all my communities. The old one ends."""
    return Feed(url=settings.feed_url(await store.rotate_personal_feed(tx, me.person_id)))


@router.get("/communities/{community_id}/feed", responses=ONLY_MEMBERS)
async def read_community_feed(
    community_id: str, me: Principal, tx: Tx, settings: Configured
) -> Feed:
    """The address of the community's calendar. For members."""
    (await store.standing_in(tx, community_id, me.person_id)).require_member()
    schedule = await store.schedule(tx, community_id)
    return Feed(url=settings.feed_url(schedule.feed_token))


@router.post("/communities/{community_id}/feed", responses=ONLY_FACILITATORS)
async def rotate_community_feed(
    community_id: str, me: Principal, tx: Tx, settings: Configured
) -> Feed:
    """A new address of the community's calendar; the old one ends. For facilitators."""
    (await store.standing_in(tx, community_id, me.person_id)).require_facilitator()
    schedule = await store.rotate_community_feed(tx, community_id)
    return Feed(url=settings.feed_url(schedule.feed_token))


@router.get(
    "/feeds/{token}.ics",
    response_class=Response,
    responses={200: {"content": {"text/calendar": {}}}},
)
async def read_feed(token: str, tx: Tx, settings: Configured) -> Response:
    """A calendar, without a login: calendar programs have none. 404 after its address was changed."""
    calendar = await store.read_feed(tx, token, settings.organizer)
    if calendar is None:
        raise NoSuchFeed(
            "Its address may have been changed. Ask for the new one where you sign in."
        )
    headers = {"content-disposition": 'inline; filename="copse.ics"'}
    return Response(calendar, media_type="text/calendar; charset=utf-8", headers=headers)
