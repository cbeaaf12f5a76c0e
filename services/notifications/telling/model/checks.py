"""Whether a rule and its template go together, asked when one of them is saved."""

from typing import Any, cast

from services.notifications.telling.model.audience import EventDoesNotFit
from services.notifications.telling.model.notice import Notice
from services.notifications.telling.model.rule import Rule
from services.notifications.wording.model import (
    NEUTRAL,
    Draft,
    Message,
    Surroundings,
    context,
    fields,
)
from services.notifications.wording.model import neutral as without_community
from services.notifications.wording.model import sample as sample_of
from services.notifications.wording.model.context import COMMUNITY, LINKS, MEETING, PERSON
from services.notifications.wording.model.facts import Facts
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


def sample(rule: Rule) -> dict[str, Any]:
    """A context such as a rule's events bring, as far as their type is known."""
    return sample_of(rule.event, in_community=rule.audience.members_of is not None)


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
        template.fill(context(notice.source_event(), known, PERSON, LINKS))
    except Invalid as problem:
        raise EventDoesNotFit(f"The rule {notice.rule_id}: {problem.detail}") from None


def preview(draft: Draft, rule: Rule | None, data: dict[str, Any], *, neutral: bool) -> Message:
    """A message with sample values, over which `data` may set others."""
    if neutral:
        return draft.fill(without_community(LINKS, PERSON))
    values = sample(rule or ANY)
    sampled: Facts = values["data"]
    return draft.fill({**values, "data": type(sampled)("data", {**sampled, **data})})


def _stands_in(known: dict[str, Any], ref: str) -> bool:
    root, *names = ref.split(".")
    value: Any = (
        known if root == "data" else dict.fromkeys(("id", "type", "source", "subject", "time"))
    )
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return False
        value = cast("dict[str, Any]", value)[name]
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
