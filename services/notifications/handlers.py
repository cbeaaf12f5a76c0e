"""What notifications does when something happens elsewhere: it keeps a little, and applies the rules."""

from collections.abc import AsyncGenerator

from services.notifications import channels, store
from services.notifications.model import (
    EventDoesNotFit,
    impersonal,
    require_category_name,
    require_fitting_event,
)
from services.notifications.settings import NotificationSettings
from shared.consuming.handlers import Chore, Handlers
from shared.contracts import TOPICS
from shared.contracts.membership import (
    CommunityRedefined,
    CommunityStarted,
    MemberJoined,
    MemberLeft,
    PersonChanged,
    PersonRegistered,
    RoleGiven,
)
from shared.contracts.notifications import NotificationRequested
from shared.contracts.scheduling import (
    MeetingAnnounced,
    MeetingCancelled,
    MeetingDescribed,
    MeetingMoved,
    MeetingRedescribed,
    MeetingScheduled,
    RhythmChosen,
    RhythmEnded,
    SeatAwaited,
    SeatConsidered,
    SeatDeclined,
    SeatPromoted,
    SeatTaken,
)
from shared.errors import NotFound
from shared.events.cloudevents import Envelope
from shared.events.event import EVENTS, Document, Event
from shared.observability.logs import log
from shared.observability.traces import traceparent
from shared.runtime.runtime import Runtime
from shared.storage.database import is_outage
from shared.storage.projection import Write
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now

EXTERNAL = "external.events"
EVERYTHING = TOPICS | {EXTERNAL}
ANSWERS: dict[type[Event], str] = {
    SeatAwaited: "waitlisted",
    SeatConsidered: "tentative",
    SeatDeclined: "declined",
}
LOOK_SECONDS = (
    1.0  # between looks for what another replica left to do; what is done here wakes at once
)
SEND_SECONDS = 0.5  # the same, for mails: some wait for a fact only for a moment

on = Handlers("notifications", topics=EVERYTHING)


# What is kept of others' facts


@on.projection(PersonRegistered, PersonChanged)
def person(event: PersonRegistered | PersonChanged) -> Write:
    fields = event.model_dump(include={"name", "email", "zone"})
    return Write("people", event.person_id, fields)


@on.projection(CommunityStarted, CommunityRedefined)
def community(event: CommunityStarted | CommunityRedefined) -> Write:
    kept = {"community_id", "community_type", "name", "purpose", "charter", "privacy"}
    return Write("communities", event.community_id, event.model_dump(include=kept))


@on.projection(RhythmChosen, RhythmEnded)
def rhythm(event: RhythmChosen | RhythmEnded) -> Write:
    chosen = isinstance(event, RhythmChosen)
    fields = {
        "rhythm": event.description if chosen else None,
        "feed_url": event.feed_url if chosen else None,
    }
    return Write("rhythms", event.community_id, fields)


@on.projection(MemberJoined, RoleGiven, MemberLeft)
def membership(event: MemberJoined | RoleGiven | MemberLeft) -> Write:
    fields = event.model_dump(include={"community_id", "person_id", "role"})
    if not isinstance(event, RoleGiven):
        fields["status"] = "active" if isinstance(event, MemberJoined) else "left"
    return Write("memberships", f"{event.community_id}:{event.person_id}", fields)


@on.projection(
    MeetingScheduled, MeetingAnnounced, MeetingMoved, MeetingRedescribed, MeetingCancelled
)
def meeting(event: MeetingDescribed) -> Write:
    return Write("meetings", event.meeting_id, event.model_dump(exclude={"reason"}))


@on.projection(SeatTaken, SeatPromoted, SeatAwaited, SeatConsidered, SeatDeclined)
def answer(event: SeatTaken | SeatPromoted | SeatAwaited | SeatConsidered | SeatDeclined) -> Write:
    """Who left the community declined nothing: what stands in their calendar must be taken out."""
    left = isinstance(event, SeatDeclined) and event.left
    fields: Document = {
        "meeting_id": event.meeting_id,
        "person_id": event.person_id,
        "answer": "left" if left else ANSWERS.get(type(event), "accepted"),
    }
    return Write("answers", f"{event.meeting_id}:{event.person_id}", fields)


# What is told


@on(PersonRegistered)
async def retry_mails(event: PersonRegistered, tx: Transaction) -> None:
    """Mails that waited for this person's address need wait no longer."""
    store.retry_mails_to(tx, event.person_id)
    tx.wake("send_mails")


@on(MemberJoined)
async def catch_up(event: MemberJoined, tx: Transaction) -> None:
    """Who joins hears what the community is being told these days, as if they had been there."""
    joined_at = (tx.cause and tx.cause.time) or now()
    store.keep_newcomer(tx, event.community_id, event.person_id, joined_at)
    tx.wake("tell_newcomers")


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
            found = rule.notice(event, now(), traceparent())
            if found and not ours:
                require_fitting_event(found, await store.template(tx, rule.template))
        except EventDoesNotFit as misfit:
            if not ours:
                raise  # an event from elsewhere that lacks what its rule needs is set aside
            log.error("a rule does not fit its event", rule=rule.rule_id, why=misfit.detail)
            continue
        if found:
            tx.wake("tell")
            store.know_category(tx, found.category)
            version = await store.current_version(tx, rule.template)
            store.keep_notice(tx, found.model_copy(update={"template_version": version}))


# What time brings


@on.every(seconds=LOOK_SECONDS)
async def tell_newcomers(runtime: Runtime[NotificationSettings]) -> bool:
    """Tell who joined what their community is being told these days."""
    return await store.tell_newcomers(runtime.database)


@on.every(seconds=LOOK_SECONDS)
async def tell(runtime: Runtime[NotificationSettings]) -> None:
    """Give everybody concerned by the open notices their notification."""
    database = runtime.database
    while open_notice := await store.claim_notice(database):
        try:
            told = await store.expand(database, open_notice)
            await store.finish_notice(database, open_notice, told)
        except Exception as error:  # its lease keeps it back for a while; the others go on
            if is_outage(error):
                raise
            log.error("a notice cannot be told", notice=open_notice.notice_id, exc_info=error)
        database.wake("send_mails")


@on.lifespan
async def mail_sender(runtime: Runtime[NotificationSettings]) -> AsyncGenerator[list[Chore]]:
    """Sends the mails that are due, over connections that stay open."""
    sender = channels.Sender(runtime.database, runtime.settings)

    async def send_mails(_: Runtime[NotificationSettings]) -> bool:
        return await sender.work()

    yield [Chore("send_mails", SEND_SECONDS, send_mails)]
    await sender.hang_up()
