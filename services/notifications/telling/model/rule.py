"""Rules are data: event type → audience → category → template."""

import hashlib
import json
import re
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.notifications.telling.model.audience import (
    Audience,
    EventDoesNotFit,
    Ref,
    id_of,
    ids_of,
    is_path,
    look_up,
)
from services.notifications.telling.model.notice import Calendar, Notice
from services.notifications.wording.model import SLUG, Slug
from shared.events.cloudevents import Envelope

CategoryRef = Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9-]{0,59}|data\.[\w.-]{1,100})$")]
Value = str | bool | Annotated[int, Field(ge=-(2**53), le=2**53)] | float | None
Conditions = dict[Ref, Value | list[Value]]


class RuleDraft(BaseModel):
    """Which event is told to whom, under which category, in which words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: str = Field(min_length=1, max_length=200)
    """The CloudEvents type; also one that nobody here has heard of."""
    audience: Audience
    category: CategoryRef
    template: Slug
    when: Conditions = Field(default_factory=dict)
    """Only if the event says all of this: a path, and the value or the list of values it may have."""
    unless: Conditions = Field(default_factory=dict)
    """Not if the event says any of this."""
    fresh_days: int = Field(default=7, ge=1, le=365)
    """Older events tell nobody, so that the replay of a history bothers no one."""
    once: Ref | None = None
    """A path: events of one source with the same value there are told once."""
    newcomers: bool = False
    """Who joins the community later is told too, while the meeting lies ahead."""
    calendar: Calendar | None = None
    """The mail asks the recipient's calendar to add, or to cancel, the meeting."""
    community: Ref = "data.community_id"
    meeting: Ref = "data.meeting_id"
    enabled: bool = True

    @field_validator("when", "unless")
    @classmethod
    def _paths(cls, conditions: Conditions) -> Conditions:
        for path in conditions:
            if not is_path(path):
                raise ValueError(f"{path} must be a path such as data.kind")
        return conditions


class Rule(RuleDraft):
    """A rule under its id."""

    rule_id: Slug

    def refs(self) -> list[str]:
        """Every path this rule cannot do without."""
        more = [*self.when, *self.unless, self.once or "", self.category]
        return [*self.audience.refs(), *(ref for ref in more if is_path(ref))]

    def fits(self, event: Envelope[Any]) -> bool:
        """Whether this rule has something to say about an event."""
        return (
            self.enabled
            and event.type == self.event
            and all(_says(event, path, value) for path, value in self.when.items())
            and not any(_says(event, path, value) for path, value in self.unless.items())
        )

    def notice(
        self, event: Envelope[dict[str, Any]], at: datetime, traceparent: str | None
    ) -> Notice | None:
        """What is to be told, without the template's version; None if that is no news any more."""
        happened_at = event.time or at
        fresh = at - happened_at <= timedelta(days=self.fresh_days)
        if not fresh and self.calendar != "invitation":
            return None
        recipients = self.audience.of(event)
        return Notice(
            notice_id=self._identify(event),
            rule_id=self.rule_id,
            category=self._category(event),
            template=self.template,
            template_version=0,
            recipients=recipients,
            community_id=recipients.members_of or _or_none(self.community, event),
            meeting_id=_or_none(self.meeting, event),
            calendar=self.calendar,
            newcomers=self.newcomers,
            fresh=fresh,
            fresh_days=self.fresh_days,
            happened_at=happened_at,
            noticed_at=at,
            sequence=event.sequence or 0,
            traceparent=traceparent,
            event=json.dumps({**_attributes(event), "data": event.data}),
        )

    def _identify(self, event: Envelope[Any]) -> str:
        value = look_up(self.once, event) if self.once else None
        which = event.identity if value is None else f"{event.source}#{self.once}={value}"
        return hashlib.sha256(f"{self.rule_id}\n{which}".encode()).hexdigest()[:24]

    def _category(self, event: Envelope[Any]) -> str:
        category = id_of(self.category, event) or ""
        if not re.fullmatch(SLUG, category):
            raise EventDoesNotFit(f"{self.category} must be a category such as training-places.")
        return category


def _attributes(event: Envelope[Any]) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude={"data"}, exclude_none=True)


def _says(event: Envelope[Any], path: str, value: Value | list[Value]) -> bool:
    there = look_up(path, event)
    return there in value if isinstance(value, list) else there == value


def _or_none(ref: str, event: Envelope[Any]) -> str | None:
    """What need not be there: an event is about no community, or no meeting, unless it names one."""
    try:
        ids = ids_of(ref, event)
    except EventDoesNotFit:
        return None
    return ids[0] if len(ids) == 1 else None
