"""My inbox: everything I was told, whatever I chose to get by mail."""

from datetime import datetime

from fastapi import Response
from pydantic import BaseModel

from services.notifications import channels, store
from services.notifications.api.files import CALENDAR, as_file
from services.notifications.api.steps import Step
from services.notifications.settings import Configured
from services.notifications.store import Letter
from shared.errors import Malformed, Problem
from shared.http.auth import Principal
from shared.http.paging import BAD_CURSOR, Paging, cursor
from shared.http.router import Router, Tx
from shared.types.clock import Moment

router = Router(prefix="/inbox", tags=["inbox"])
MOST_AT_ONCE = 100_000  # told to one person at the same moment


class InboxItem(BaseModel):
    """Something I was told: in words, and the one thing to do next."""

    id: str
    at: Moment
    read: bool
    category: str
    community_id: str | None
    meeting_id: str | None
    subject: str
    text: str
    action: Step | None


class Inbox(BaseModel):
    """One page of my inbox, the newest first."""

    items: list[InboxItem]
    next: str | None


class Unread(BaseModel):
    """How much I have not read yet."""

    unread: int


@router.get("")
async def read_inbox(me: Principal, tx: Tx, page: Paging, settings: Configured) -> Inbox:
    """What I was told, the newest first."""
    after = page.position(datetime, int)
    if after and not 0 <= after[1] <= MOST_AT_ONCE:
        raise Malformed(BAD_CURSOR)
    found, following = await store.inbox(tx, me.person_id, after, page.limit)
    items = [_item(settings, letter) for letter in await store.letters(tx, found)]
    mark = following and cursor(page.path, following[0].isoformat(), following[1])
    return Inbox(items=items, next=mark)


@router.get("/unread-count")
async def count_unread(me: Principal, tx: Tx) -> Unread:
    """How much I have not read yet."""
    return Unread(unread=await store.unread(tx, me.person_id))


@router.get("/{id}")
async def read_item(id: str, me: Principal, tx: Tx, settings: Configured) -> InboxItem:
    """One thing I was told. Looking at it does not mark it as read."""
    one = await store.inbox_item(tx, me.person_id, id)
    [letter] = await store.letters(tx, [one])
    return _item(settings, letter)


@router.get("/{id}/invite.ics", response_class=Response, responses=CALENDAR)
async def read_invitation(id: str, me: Principal, tx: Tx, settings: Configured) -> Response:
    """The meeting as a calendar entry, where the message is about one."""
    [letter] = await store.letters(tx, [await store.inbox_item(tx, me.person_id, id)])
    return as_file(channels.calendar_file(letter, settings))


@router.put("/{id}/read")
async def mark_read(id: str, me: Principal, tx: Tx, settings: Configured) -> InboxItem:
    """I have read this. Twice is as good as once."""
    one = store.mark_read(tx, await store.inbox_item(tx, me.person_id, id))
    [letter] = await store.letters(tx, [one])
    return _item(settings, letter)


def _item(settings: Configured, letter: Letter) -> InboxItem:
    one = letter.one
    base = settings.public_url.rstrip("/")
    links = {"message": f"{base}/inbox/{one.notification_id}", "preferences": f"{base}/preferences"}
    try:
        told = letter.message(links)
        subject, text, action = told.subject, told.text, Step.of(told)
    except Problem:  # a page of the inbox is not lost for one message
        subject, text, action = "This message cannot be shown", "An operator can see why.", None
    return InboxItem(
        id=one.notification_id,
        at=one.at,
        read=one.read_at is not None,
        category=one.category,
        community_id=one.community_id,
        meeting_id=one.meeting_id,
        subject=subject,
        text=text,
        action=action,
    )
