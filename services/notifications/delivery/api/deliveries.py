"""What became of mails: for operators. People are named by their ids only."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BaseModel

from services.notifications.delivery import store
from services.notifications.delivery.model import resend
from services.notifications.telling.model import Attempt, Notification, State
from shared.http.auth import Principal
from shared.http.keys import OPERATOR
from shared.http.openapi import ONLY_OPERATORS
from shared.http.paging import Paging
from shared.http.router import Router, Tx
from shared.types.clock import now

router = Router(prefix="/deliveries", tags=["operation"], responses=ONLY_OPERATORS)


class Delivery(BaseModel):
    """A mail, and everything that was tried to bring it to somebody."""

    id: str
    state: State
    reason: str | None
    person_id: str
    category: str
    community_id: str | None
    meeting_id: str | None
    noticed_at: AwareDatetime
    next_at: AwareDatetime
    """When it is tried next; of a mail that is not, when it came to its state."""
    attempts: int
    trail: list[Attempt]


class Deliveries(BaseModel):
    """One page of the mails in a state, the oldest first."""

    items: list[Delivery]
    next: str | None


@router.get("")
async def list_deliveries(
    me: Principal,
    tx: Tx,
    page: Paging,
    state: Annotated[State, Query()] = "delivery-unknown",
) -> Deliveries:
    """The mails in a state; `delivery-unknown` are those that may have arrived, or not."""
    me.require_scope(OPERATOR)
    oldest = await store.deliveries(tx, state, page.position(datetime, str), page.wanted)
    mails, following = page.cut(
        oldest, lambda mail: (mail.next_at.isoformat(), mail.notification_id)
    )
    return Deliveries(items=[_shown(mail) for mail in mails], next=following)


@router.get("/{id}")
async def read_delivery(id: str, me: Principal, tx: Tx) -> Delivery:
    me.require_scope(OPERATOR)
    return _shown(await store.delivery(tx, id))


@router.post("/{id}/resend")
async def resend_delivery(id: str, me: Principal, tx: Tx) -> Delivery:
    """Send a mail again that failed, or of which nobody knows whether it arrived.

    It may arrive twice; its Message-ID is the same, so that programs can tell.
    """
    me.require_scope(OPERATOR)
    mail = await store.delivery(tx, id)
    by = Attempt(at=now(), outcome="resend", detail=f"asked for by {me.person_id}")
    return _shown(store.save_delivery(tx, mail, resend(mail, now()), by))


def _shown(mail: Notification) -> Delivery:
    fields = mail.model_dump(include=set(Delivery.model_fields) - {"trail"})
    return Delivery(**fields, id=mail.notification_id, noticed_at=mail.at, trail=list(mail.trail))
