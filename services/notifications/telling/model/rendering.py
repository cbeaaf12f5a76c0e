"""What one person is told, in words: a notification, and the facts that its template is filled in with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.notifications.telling.model.category import Category
from services.notifications.telling.model.notice import Notice
from services.notifications.telling.model.notification import Notification
from services.notifications.wording.model import (
    Message,
    Surroundings,
    Template,
    context,
    described,
    for_strangers,
    neutral,
    withheld,
)
from shared.events.cloudevents import Envelope
from shared.events.event import Document


@dataclass(frozen=True, slots=True)
class Rendering:
    """A notification with everything that it takes to put it into words."""

    notification: Notification
    notice: Notice
    template: Template
    category: Category
    known: Surroundings
    person: Document
    """Who gets it: person_id, and name, email and zone once they are known."""
    event: Envelope[Document]
    """What it is about; without what only members may see, if the recipient is none now."""

    @classmethod
    def of(
        cls,
        notification: Notification,
        notice: Notice,
        template: Template,
        category: Category,
        *,
        event: Envelope[Document],
        person: Document,
        community: Document | None,
        meeting: Document | None,
        names: Mapping[str, str],
        is_member: bool,
        is_invited: bool,
    ) -> "Rendering":
        """Without what only members may see: `is_member` of the notice's community, `is_invited` to its meeting."""
        about_meeting = described(meeting) if meeting else None
        known = Surroundings(
            community=community if is_member or not community else withheld(community),
            meeting=about_meeting if is_invited or not about_meeting else withheld(about_meeting),
            names=names,
        )
        shown = event if is_member else for_strangers(event)
        return cls(notification, notice, template, category, known, person, shown)

    @property
    def is_confidential(self) -> bool:
        """Whether nothing of the community may show outside the inbox; also while one does not know."""
        if self.notice.community_id is None:
            return False
        return (self.known.community or {}).get("privacy") in (None, "confidential")

    def message(self, links: dict[str, str]) -> Message:
        """What the recipient is told. Problem if the template cannot be filled in."""
        return self.template.fill(context(self.event, self.known, self._reader(), links))

    def neutral_message(self, links: dict[str, str], words: Template) -> Message:
        """What is said where nothing of the community may show."""
        return words.fill(neutral(links, self._reader()))

    def _reader(self) -> dict[str, Any]:
        return {
            "person_id": self.notification.person_id,
            "name": self.person.get("name") or "there",
            "zone": self.person.get("zone"),
        }
