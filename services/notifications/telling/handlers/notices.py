"""What happens becomes notices: each event is held against the rules."""

from services.notifications.telling import store
from services.notifications.telling.handlers.chores import tell, tell_newcomers
from services.notifications.telling.model import (
    EventDoesNotFit,
    require_category_name,
    require_fitting_event,
    require_object,
)
from services.notifications.wording.model import impersonal
from services.notifications.wording.store import current_version, template
from shared.consuming.handlers import Handlers
from shared.contracts import TOPICS
from shared.contracts.membership import MemberJoined
from shared.contracts.notifications import NotificationRequested
from shared.errors import NotFound
from shared.events.cloudevents import Envelope
from shared.events.event import EVENTS, Document
from shared.observability.logs import log
from shared.observability.traces import traceparent
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now

EXTERNAL = "external.events"

on = Handlers("notifications", topics=TOPICS | {EXTERNAL})


@on(MemberJoined)
async def catch_up(event: MemberJoined, tx: Transaction) -> None:
    """Who joins hears what the community is being told these days, as if they had been there."""
    joined_at = (tx.cause and tx.cause.time) or now()
    store.keep_newcomer(tx, event.community_id, event.person_id, joined_at)
    tx.wake(tell_newcomers.__name__)


@on(NotificationRequested)
async def accept_request(event: NotificationRequested, tx: Transaction) -> None:
    """Another system's wish holds if we know the community; until then it waits."""
    community_id = event.audience.community_id
    if community_id and not await tx.get("communities", community_id):
        raise NotFound(f"audience.community_id: nobody has heard of the community {community_id}.")
    require_category_name(event.category)


@on.anything
async def notice(event: Envelope[Document], tx: Transaction) -> None:
    """Every rule that fits an event brings about one notice; who that is to reach is found out later."""
    event = impersonal(event)
    ours = event.type in EVENTS
    for rule in await store.rules_for(tx, event.type):
        if not rule.fits(event):
            continue
        try:
            require_object(event)
            noticed = rule.notice(event, now(), traceparent())
            if noticed and not ours:
                require_fitting_event(noticed, await template(tx, rule.template))
        except EventDoesNotFit as misfit:
            if not ours:
                raise  # an event from elsewhere that lacks what its rule needs is set aside
            log.error("a rule does not fit its event", rule=rule.rule_id, why=misfit.detail)
            continue
        if noticed:
            tx.wake(tell.__name__)
            store.know_category(tx, noticed.category)
            version = await current_version(tx, rule.template)
            store.keep_notice(tx, noticed.model_copy(update={"template_version": version}))
