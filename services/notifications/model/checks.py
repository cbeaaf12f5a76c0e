"""Whether a rule and its template go together, asked when one of them is saved."""

from typing import Any, cast

from services.notifications.model.audience import EventDoesNotFit
from services.notifications.model.context import (
    COMMUNITY,
    LINKS,
    MEETING,
    NEUTRAL,
    PERSON,
    Surroundings,
    context,
    fields,
    sample,
)
from services.notifications.model.context import neutral as without_community
from services.notifications.model.facts import Facts
from services.notifications.model.rule import Notice, Rule
from services.notifications.model.template import Draft, Message
from shared.contracts.scheduling import MeetingDescribed
from shared.errors import Invalid
from shared.events.event import EVENTS


class UnknownField(Invalid):
    """A rule looks for something that its events do not have."""


def require_workable_rule(rule: Rule, template: Draft) -> None:
    """Raise UnknownField, UnknownVariable or UnusableTemplate unless the rule can work."""
    kind = EVENTS.get(rule.event)
    if rule.calendar and not (kind and issubclass(kind, MeetingDescribed)):
        raise UnknownField(
            "Only an event that describes a meeting, such as copse.scheduling.MeetingAnnounced.v1, "
            "can go with a calendar entry.",
            field="calendar",
        )
    if kind:
        known = fields(rule.event)
        for ref in rule.refs():
            if not _stands_in(known, ref):
                raise UnknownField(
                    f"{rule.event} has no `{ref}`; it has {', '.join(f'data.{name}' for name in known)}.",
                    field=ref,
                )
    template.check({f"the rule {rule.rule_id}": sample(rule)})


def require_workable_template(template_id: str, draft: Draft, users: list[Rule]) -> None:
    """Raise UnknownVariable or UnusableTemplate unless every rule that uses it can fill it in."""
    if template_id == NEUTRAL:
        draft.check({"confidential mails": without_community(LINKS, PERSON)})
        return
    samples = {f"the rule {rule.rule_id}": sample(rule) for rule in users}
    draft.check(samples or {"any event": sample(ANY)})


def require_fitting_event(notice: Notice, template: Draft) -> None:
    """Raise EventDoesNotFit unless an event that nobody described fills in the template."""
    known = Surroundings(
        community=COMMUNITY if notice.community_id else None,
        meeting=MEETING if notice.meeting_id else None,
    )
    try:
        template.fill(context(notice.told(), known, PERSON, LINKS))
    except Invalid as problem:
        raise EventDoesNotFit(f"The rule {notice.rule_id}: {problem.detail}") from None


def preview(draft: Draft, rule: Rule | None, data: dict[str, Any], *, neutral: bool) -> Message:
    """A message with sample values, over which `data` may set others."""
    if neutral:
        return draft.fill(without_community(LINKS, PERSON))
    made = sample(rule or ANY)
    values: Facts = made["data"]
    return draft.fill({**made, "data": type(values)("data", {**values, **data})})


def _stands_in(known: dict[str, Any], ref: str) -> bool:
    place, *steps = ref.split(".")
    found: Any = (
        known if place == "data" else dict.fromkeys(("id", "type", "source", "subject", "time"))
    )
    for step in steps:
        if not isinstance(found, dict) or step not in found:
            return False
        found = cast("dict[str, Any]", found)[step]
    return True


ANY = Rule.model_validate(
    {
        "rule_id": "any",
        "event": "any",
        "audience": {"people": "any"},
        "category": "any",
        "template": "any",
    }
)
"""A rule about an event type that nobody knows: what a template without rules is checked with."""
