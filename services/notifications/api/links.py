"""What the links of a mail open: without signing in, under a token that only the mail's reader has.

Mail scanners open every link (RFC 8058, section 1), so reading never does anything; forms post.
"""

from typing import Annotated

from fastapi import Form, Response
from fastapi.responses import HTMLResponse

from services.notifications import channels, store
from services.notifications.api.files import CALENDAR, as_file
from services.notifications.model import Scope, Subscription
from services.notifications.settings import Configured
from services.notifications.store import Letter
from shared.errors import NotFound
from shared.http.router import Router, Tx

router = Router(tags=["links in mails"], default_response_class=HTMLResponse)
HEADERS = {
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}
Asked = Annotated[Scope, Form(description="stop this kind of message, or all of the community")]


@router.get("/unsubscribe/{token}")
async def ask_what_to_stop(token: str, tx: Tx) -> HTMLResponse:
    """A form that asks which mails should stop. Opening it changes nothing."""
    return await _form(tx, await store.subscription(tx, token), "unsubscribe")


@router.post("/unsubscribe/{token}")
async def stop(token: str, tx: Tx, scope: Asked = "category") -> HTMLResponse:
    """No more of these mails: from the form, or with one click (RFC 8058). Twice is as good as once."""
    return await _decide(tx, token, scope)


@router.post("/unsubscribe/{token}/undo")
async def undo(token: str, tx: Tx) -> HTMLResponse:
    """Send these mails again. Twice is as good as once."""
    return await _decide(tx, token, None)


async def _decide(tx: Tx, token: str, scope: Scope | None) -> HTMLResponse:
    """Stop a scope, or with None undo what this link stopped."""
    before = await store.subscription(tx, token)
    chosen = await store.preferences_of(tx, before.person_id)
    after, now_chosen = before.stop(scope, chosen) if scope else before.undo(chosen)
    store.save_subscription(tx, after)
    await store.change_preferences(tx, before.person_id, lambda _: now_chosen)
    return await _form(tx, after, "stopped" if scope else "resumed")


async def _form(tx: Tx, of: Subscription, name: str) -> HTMLResponse:
    kind = await store.category(tx, of.category)
    community = await store.community_in_mails(tx, of.community_id)
    shown = channels.page(name, token=of.token, title=kind.title, community=community)
    return HTMLResponse(shown, headers=HEADERS)


@router.get("/messages/{token}/{id}")
async def read_message(token: str, id: str, tx: Tx, settings: Configured) -> HTMLResponse:
    """The message a mail was about. A confidential community's is only in the inbox."""
    letter = await _letter(tx, token, id)
    links = channels.links_for(settings.public_url, token, id)
    if letter.is_confidential:
        told = letter.neutral_message(links, await store.neutral_template(tx))
    else:
        told = letter.message(links)
    shown = channels.page(
        "message",
        told=told,
        own_address=links["message"],
        unsubscribe=links["preferences"],
        confidential=letter.is_confidential,
        reason=letter.category.reason,
    )
    return HTMLResponse(shown, headers=HEADERS)


@router.get("/messages/{token}/{id}/invite.ics", response_class=Response, responses=CALENDAR)
async def read_invitation(token: str, id: str, tx: Tx, settings: Configured) -> Response:
    """The meeting as a calendar entry, for programs that show no Accept and Decline."""
    return as_file(channels.calendar_file(await _letter(tx, token, id), settings))


async def _letter(tx: Tx, token: str, id: str) -> Letter:
    whose = await store.subscription(tx, token)
    one = await store.inbox_item(tx, whose.person_id, id)
    if (one.category, one.community_id) != (whose.category, whose.community_id):
        raise NotFound("This link is not one that we sent. Use the link of a newer mail.")
    [letter] = await store.letters(tx, [one])
    return letter
