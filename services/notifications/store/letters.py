"""Everything that is needed to put notifications into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.notifications.model import (
    Category,
    Message,
    Notice,
    Notification,
    Surroundings,
    Template,
    context,
    described,
    for_strangers,
    neutral,
    withheld,
)
from services.notifications.store.notices import read_notice
from services.notifications.store.rules import category
from services.notifications.store.templates import template
from shared.events.cloudevents import Envelope
from shared.events.event import Document
from shared.storage.unit_of_work import Transaction

NO_RHYTHM: Document = {"rhythm": None, "feed_url": None}


@dataclass(frozen=True, slots=True)
class Letter:
    """A notification and the facts it is about."""

    one: Notification
    notice: Notice
    template: Template
    category: Category
    known: Surroundings
    person: Document
    """Who gets it: person_id, and name, email and zone once they are known."""
    told: Envelope[Document]
    """The event it is about; without what only members may see, if the recipient is none now."""

    @property
    def is_confidential(self) -> bool:
        """Whether nothing of the community may show in a mail; also while one does not know."""
        if self.notice.community_id is None:
            return False
        return (self.known.community or {}).get("privacy") in (None, "confidential")

    def message(self, links: dict[str, str]) -> Message:
        """What the recipient is told. Problem if the template cannot be filled in."""
        return self.template.fill(context(self.told, self.known, self._reader(), links))

    def neutral_message(self, links: dict[str, str], words: Template) -> Message:
        """What a mail says where nothing of the community may show."""
        return words.fill(neutral(links, self._reader()))

    def _reader(self) -> dict[str, Any]:
        return {
            "person_id": self.one.person_id,
            "name": self.person.get("name") or "there",
            "zone": self.person.get("zone"),
        }


async def letters(tx: Transaction, items: Sequence[Notification]) -> list[Letter]:
    """The facts for some notifications, in their order."""
    notices = {
        document["_id"]: read_notice(document)
        for document in await tx.find("notices", _among(one.notice_id for one in items))
    }
    communities = await _by_id(tx, "communities", {n.community_id for n in notices.values()})
    rhythms = await _by_id(tx, "rhythms", {*communities})
    meetings = await _by_id(tx, "meetings", {n.meeting_id for n in notices.values()})
    events = {id: notice.told() for id, notice in notices.items()}
    mentioned = {
        id: {v for v in told.data.values() if isinstance(v, str)} for id, told in events.items()
    }
    belonging = await _belonging(tx, items, notices, meetings)
    wanted = {one.person_id for one in items}.union(*mentioned.values())
    people = await _by_id(tx, "people", {id for id in wanted if len(id) <= 200})
    names = {id: person["name"] for id, person in people.items() if person.get("name")}
    words = {
        (n.template, n.template_version): await template(tx, n.template, n.template_version)
        for n in notices.values()
    }
    kinds = {name: await category(tx, name) for name in {one.category for one in items}}
    made: list[Letter] = []
    for one in items:
        notice = notices[one.notice_id]
        meeting = meetings.get(notice.meeting_id or "")
        community = communities.get(notice.community_id or "")
        rhythm = rhythms.get(notice.community_id or "") or {}
        around = {**NO_RHYTHM, **rhythm, **community} if community else None
        belongs = (notice.community_id, one.person_id) in belonging
        at_meeting = meeting and (meeting.get("community_id"), one.person_id) in belonging
        shown_meeting = described(meeting) if meeting else None
        known = Surroundings(
            community=around if belongs or around is None else withheld(around),
            meeting=shown_meeting if at_meeting or not shown_meeting else withheld(shown_meeting),
            names={id: names[id] for id in mentioned[one.notice_id] if id in names},
        )
        source = words[notice.template, notice.template_version]
        person = people.get(one.person_id, {})
        told = events[one.notice_id] if belongs else for_strangers(events[one.notice_id])
        made.append(Letter(one, notice, source, kinds[one.category], known, person, told))
    return made


async def _belonging(
    tx: Transaction,
    items: Sequence[Notification],
    notices: dict[str, Notice],
    meetings: dict[str, Document],
) -> set[tuple[str | None, str]]:
    """Of the recipients, who belongs at this moment to the communities that the notices are about."""
    wanted: set[str] = set()
    for one in items:
        notice = notices[one.notice_id]
        meeting = meetings.get(notice.meeting_id or "") or {}
        for community_id in (notice.community_id, meeting.get("community_id")):
            if community_id:
                wanted.add(f"{community_id}:{one.person_id}")
    active = {"_id": {"$in": sorted(wanted)}, "status": "active"}
    found = await tx.find("memberships", active) if wanted else []
    return {(member.get("community_id"), member.get("person_id", "")) for member in found}


async def community_in_mails(tx: Transaction, community_id: str | None) -> str | None:
    """What a community is called where anybody may look over the reader's shoulder."""
    if community_id is None:
        return None
    found = await tx.get("communities", community_id)
    if not found or found.get("privacy") in (None, "confidential"):
        return "this community"
    return found.get("name") or "this community"


async def _by_id(
    tx: Transaction, collection: str, ids: "set[str | None] | set[str]"
) -> dict[str, Document]:
    where = _among(ids)
    return {found["_id"]: found for found in await tx.find(collection, where)} if ids else {}


def _among(ids: Any) -> dict[str, Any]:
    return {"_id": {"$in": sorted({id for id in ids if id})}}
