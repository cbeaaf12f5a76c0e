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
    neutral,
)
from services.notifications.store.notices import read_notice
from services.notifications.store.rules import category
from services.notifications.store.templates import template
from shared.events import Document
from shared.transaction import Transaction

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

    @property
    def is_confidential(self) -> bool:
        """Whether nothing of the community may show in a mail; also while one does not know."""
        if self.notice.community_id is None:
            return False
        return self.known.community is None or self.known.community["privacy"] == "confidential"

    def message(self, links: dict[str, str]) -> Message:
        """What the recipient is told. Problem if the template cannot be filled in."""
        event = self.notice.told()
        return self.template.fill(context(event, self.known, self._reader(), links))

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
    data = {id: notice.told().data for id, notice in notices.items()}
    mentioned = {
        id: {v for v in values.values() if isinstance(v, str)} for id, values in data.items()
    }
    wanted = {one.person_id for one in items}.union(*mentioned.values())
    people = await _by_id(tx, "people", {id for id in wanted if len(id) <= 200})
    names = {id: person["name"] for id, person in people.items()}
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
        rhythm = rhythms.get(notice.community_id or "") or NO_RHYTHM
        known = Surroundings(
            community={**rhythm, **community} if community else None,
            meeting=described(meeting) if meeting else None,
            names={id: names[id] for id in mentioned[one.notice_id] if id in names},
        )
        source = words[notice.template, notice.template_version]
        person = people.get(one.person_id, {})
        made.append(Letter(one, notice, source, kinds[one.category], known, person))
    return made


async def community_in_mails(tx: Transaction, community_id: str | None) -> str | None:
    """What a community is called where anybody may look over the reader's shoulder."""
    if community_id is None:
        return None
    found = await tx.get("communities", community_id)
    return found["name"] if found and found["privacy"] != "confidential" else "this community"


async def _by_id(
    tx: Transaction, collection: str, ids: "set[str | None] | set[str]"
) -> dict[str, Document]:
    where = _among(ids)
    return {found["_id"]: found for found in await tx.find(collection, where)} if ids else {}


def _among(ids: Any) -> dict[str, Any]:
    return {"_id": {"$in": sorted({id for id in ids if id})}}
