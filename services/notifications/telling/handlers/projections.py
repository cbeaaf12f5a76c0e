"""What is kept of others' facts: who people are, what communities and meetings are, and who belongs and answered."""

from shared.consuming.handlers import Handlers
from shared.contracts.membership import (
    CommunityRedefined,
    CommunityStarted,
    MemberJoined,
    MemberLeft,
    PersonChanged,
    PersonRegistered,
    RoleGiven,
)
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
from shared.events.event import Document, Event
from shared.storage.projection import Write

ANSWERS: dict[type[Event], str] = {
    SeatAwaited: "waitlisted",
    SeatConsidered: "tentative",
    SeatDeclined: "declined",
}

on = Handlers("notifications")


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
