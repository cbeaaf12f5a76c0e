"""My inbox: everything I was told, whatever I chose to get by mail."""

from datetime import datetime

from fastapi import Response
from pydantic import AwareDatetime, BaseModel

from services.notifications.inbox import store
from services.notifications.inbox.api.files import CALENDAR, as_file
from services.notifications.settings import Configured
from services.notifications.telling.model import Notification, Rendering, calendar_file
from services.notifications.telling.store import renderings
from services.notifications.wording.api import Step
from shared.errors import Malformed, Problem
from shared.http.auth import Principal
from shared.http.paging import BAD_CURSOR, Paging, cursor
from shared.http.router import Router, Tx

router = Router(prefix="/inbox", tags=["inbox"])
MOST_AT_ONCE = 100_000  # told to one person at the same moment


class InboxItem(BaseModel):
    """Something I was told: in words, and the one thing to do next."""

    id: str
    at: AwareDatetime
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
    newest, following = await store.inbox(tx, me.person_id, after, page.limit)
    items = [_shown(settings, rendering) for rendering in await renderings(tx, newest)]
    mark = following and cursor(page.path, following[0].isoformat(), following[1])
    return Inbox(items=items, next=mark)


@router.get("/unread-count")
async def count_unread(me: Principal, tx: Tx) -> Unread:
    """How much I have not read yet."""
    return Unread(unread=await store.unread(tx, me.person_id))


@router.get("/{id}")
async def read_item(id: str, me: Principal, tx: Tx, settings: Configured) -> InboxItem:
    """One thing I was told. Looking at it does not mark it as read."""
    item = await store.inbox_item(tx, me.person_id, id)
    return _shown(settings, await _rendering(tx, item))


@router.get("/{id}/invite.ics", response_class=Response, responses=CALENDAR)
async def read_invitation(id: str, me: Principal, tx: Tx, settings: Configured) -> Response:
    """The meeting as a calendar entry, where the message is about one."""
    item = await store.inbox_item(tx, me.person_id, id)
    return as_file(calendar_file(await _rendering(tx, item), settings.sender))


@router.put("/{id}/read")
async def mark_read(id: str, me: Principal, tx: Tx, settings: Configured) -> InboxItem:
    """I have read this. Twice is as good as once."""
    item = store.mark_read(tx, await store.inbox_item(tx, me.person_id, id))
    return _shown(settings, await _rendering(tx, item))


async def _rendering(tx: Tx, item: Notification) -> Rendering:
    [rendering] = await renderings(tx, [item])
    return rendering


def _shown(settings: Configured, rendering: Rendering) -> InboxItem:
    item = rendering.notification
    base = settings.public_url.rstrip("/")
    links = {
        "message": f"{base}/inbox/{item.notification_id}",
        "preferences": f"{base}/preferences",
    }
    try:
        message = rendering.message(links)
        subject, text, action = message.subject, message.text, Step.of(message)
    except Problem:  # a page of the inbox is not lost for one message
        subject, text, action = "This message cannot be shown", "An operator can see why.", None
    return InboxItem(
        id=item.notification_id,
        at=item.at,
        read=item.read_at is not None,
        category=item.category,
        community_id=item.community_id,
        meeting_id=item.meeting_id,
        subject=subject,
        text=text,
        action=action,
    )
