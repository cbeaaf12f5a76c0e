"""The message that a mail's link opens: without signing in, under a token that only the mail's reader has.

Mail scanners open every link (RFC 8058, section 1), so reading does nothing, not even mark it as read.
"""

from fastapi import Response
from fastapi.responses import HTMLResponse

from services.notifications.delivery.model import links_for
from services.notifications.delivery.store import subscription
from services.notifications.inbox.api.files import CALENDAR, as_file
from services.notifications.inbox.store import inbox_item
from services.notifications.settings import Configured
from services.notifications.telling.model import Rendering, calendar_file
from services.notifications.telling.store import renderings
from services.notifications.wording.api import shown
from services.notifications.wording.store import neutral_template
from shared.errors import NotFound
from shared.http.router import Router, Tx

router = Router(tags=["links in mails"], default_response_class=HTMLResponse)


@router.get("/messages/{token}/{id}")
async def read_message(token: str, id: str, tx: Tx, settings: Configured) -> HTMLResponse:
    """The message a mail was about. A confidential community's is only in the inbox."""
    rendering = await _rendering(tx, token, id)
    links = links_for(settings.public_url, token, id)
    if rendering.is_confidential:
        message = rendering.neutral_message(links, await neutral_template(tx))
    else:
        message = rendering.message(links)
    return shown(
        "message",
        message=message,
        own_address=links["message"],
        unsubscribe=links["preferences"],
        confidential=rendering.is_confidential,
        reason=rendering.category.reason,
    )


@router.get("/messages/{token}/{id}/invite.ics", response_class=Response, responses=CALENDAR)
async def read_invitation(token: str, id: str, tx: Tx, settings: Configured) -> Response:
    """The meeting as a calendar entry, for programs that show no Accept and Decline."""
    return as_file(calendar_file(await _rendering(tx, token, id), settings.sender))


async def _rendering(tx: Tx, token: str, id: str) -> Rendering:
    opened = await subscription(tx, token)
    item = await inbox_item(tx, opened.person_id, id)
    if (item.category, item.community_id) != (opened.category, opened.community_id):
        raise NotFound("This link is not one that we sent. Use the link of a newer mail.")
    [rendering] = await renderings(tx, [item])
    return rendering
