"""Everything that is needed to put notifications into words, read together."""

from collections.abc import Sequence
from typing import Any

from services.notifications.telling.model import Notice, Notification, Rendering
from services.notifications.telling.store.categories import category
from services.notifications.telling.store.notices import read_notice
from services.notifications.wording.store import template
from shared.events.event import Document
from shared.storage.unit_of_work import Transaction

NO_RHYTHM: Document = {"rhythm": None, "feed_url": None}


async def renderings(tx: Transaction, items: Sequence[Notification]) -> list[Rendering]:
    """The facts for some notifications, in their order."""
    notices = {
        document["_id"]: read_notice(document)
        for document in await tx.find("notices", _among(item.notice_id for item in items))
    }
    communities = await _by_id(tx, "communities", {n.community_id for n in notices.values()})
    rhythms = await _by_id(tx, "rhythms", {*communities})
    meetings = await _by_id(tx, "meetings", {n.meeting_id for n in notices.values()})
    events = {id: notice.source_event() for id, notice in notices.items()}
    mentioned = {
        id: {value for value in event.data.values() if isinstance(value, str)}
        for id, event in events.items()
    }
    belonging = await _belonging(tx, items, notices, meetings)
    wanted = {item.person_id for item in items}.union(*mentioned.values())
    people = await _by_id(tx, "people", {id for id in wanted if len(id) <= 200})
    names = {id: person["name"] for id, person in people.items() if person.get("name")}
    words = {
        (n.template, n.template_version): await template(tx, n.template, n.template_version)
        for n in notices.values()
    }
    kinds = {name: await category(tx, name) for name in {item.category for item in items}}
    gathered: list[Rendering] = []
    for item in items:
        notice = notices[item.notice_id]
        community = communities.get(notice.community_id or "")
        meeting = meetings.get(notice.meeting_id or "")
        rhythm = rhythms.get(notice.community_id or "") or {}
        gathered.append(
            Rendering.of(
                item,
                notice,
                words[notice.template, notice.template_version],
                kinds[item.category],
                event=events[item.notice_id],
                person=people.get(item.person_id, {}),
                community={**NO_RHYTHM, **rhythm, **community} if community else None,
                meeting=meeting,
                names={id: names[id] for id in mentioned[item.notice_id] if id in names},
                is_member=(notice.community_id, item.person_id) in belonging,
                is_invited=((meeting or {}).get("community_id"), item.person_id) in belonging,
            )
        )
    return gathered


async def _belonging(
    tx: Transaction,
    items: Sequence[Notification],
    notices: dict[str, Notice],
    meetings: dict[str, Document],
) -> set[tuple[str | None, str]]:
    """Of the recipients, who belongs at this moment to the communities that the notices are about."""
    wanted: set[str] = set()
    for item in items:
        notice = notices[item.notice_id]
        meeting = meetings.get(notice.meeting_id or "") or {}
        for community_id in (notice.community_id, meeting.get("community_id")):
            if community_id:
                wanted.add(f"{community_id}:{item.person_id}")
    active = {"_id": {"$in": sorted(wanted)}, "status": "active"}
    members = await tx.find("memberships", active) if wanted else []
    return {(member.get("community_id"), member.get("person_id", "")) for member in members}


async def _by_id(
    tx: Transaction, collection: str, ids: "set[str | None] | set[str]"
) -> dict[str, Document]:
    where = _among(ids)
    return (
        {document["_id"]: document for document in await tx.find(collection, where)} if ids else {}
    )


def _among(ids: Any) -> dict[str, Any]:
    return {"_id": {"$in": sorted({id for id in ids if id})}}
