"""The rules of who is told what; pure: no clock, no database, no broker, no mail."""

from services.notifications.model.audience import Audience, EventDoesNotFit, Recipients, is_path
from services.notifications.model.category import Category, require_category_name
from services.notifications.model.checks import (
    preview,
    require_fitting_event,
    require_workable_rule,
    require_workable_template,
)
from services.notifications.model.context import (
    NEUTRAL,
    Surroundings,
    context,
    described,
    for_strangers,
    impersonal,
    neutral,
    sample,
    withheld,
)
from services.notifications.model.mailing import (
    LOOKS,
    TRAIL,
    Next,
    Notification,
    NotToResend,
    Outcome,
    State,
    Try,
    after,
    resend,
    waiting,
)
from services.notifications.model.preferences import Preferences, Scope, Subscription
from services.notifications.model.rule import SLUG, Notice, Rule, RuleDraft, identify
from services.notifications.model.template import (
    Action,
    Draft,
    Message,
    Template,
    UnknownVariable,
    UnusableTemplate,
)
from services.notifications.model.wording import line, paragraphs

__all__ = [
    "LOOKS",
    "NEUTRAL",
    "SLUG",
    "TRAIL",
    "Action",
    "Audience",
    "Category",
    "Draft",
    "EventDoesNotFit",
    "Message",
    "Next",
    "NotToResend",
    "Notice",
    "Notification",
    "Outcome",
    "Preferences",
    "Recipients",
    "Rule",
    "RuleDraft",
    "Scope",
    "State",
    "Subscription",
    "Surroundings",
    "Template",
    "Try",
    "UnknownVariable",
    "UnusableTemplate",
    "after",
    "context",
    "described",
    "for_strangers",
    "identify",
    "impersonal",
    "is_path",
    "line",
    "neutral",
    "paragraphs",
    "preview",
    "require_category_name",
    "require_fitting_event",
    "require_workable_rule",
    "require_workable_template",
    "resend",
    "sample",
    "waiting",
    "withheld",
]
