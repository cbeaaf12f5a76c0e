"""No more of these mails: by a mail's link, without signing in, under a token that only its reader has.

Mail scanners open every link (RFC 8058, section 1), so reading never does anything; forms post.
"""

from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse

from services.notifications.delivery import store
from services.notifications.delivery.model import Scope, Subscription
from services.notifications.telling.store import category, community_in_mails
from services.notifications.wording.api import shown
from shared.http.router import Router, Tx

router = Router(tags=["links in mails"], default_response_class=HTMLResponse)
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
    title = (await category(tx, of.category)).title
    community = await community_in_mails(tx, of.community_id)
    return shown(name, token=of.token, title=title, community=community)
