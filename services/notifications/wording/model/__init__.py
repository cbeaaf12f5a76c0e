"""What a template may say and name; pure: filling one in touches nothing."""

from services.notifications.wording.model.context import (
    NEUTRAL,
    Surroundings,
    attributes,
    context,
    described,
    fields,
    for_strangers,
    impersonal,
    neutral,
    sample,
    withheld,
)
from services.notifications.wording.model.slug import SLUG, Slug
from services.notifications.wording.model.template import (
    Action,
    Draft,
    Message,
    Template,
    UnknownVariable,
    UnusableTemplate,
)
from services.notifications.wording.model.words import line, paragraphs

__all__ = [
    "NEUTRAL",
    "SLUG",
    "Action",
    "Draft",
    "Message",
    "Slug",
    "Surroundings",
    "Template",
    "UnknownVariable",
    "UnusableTemplate",
    "attributes",
    "context",
    "described",
    "fields",
    "for_strangers",
    "impersonal",
    "line",
    "neutral",
    "paragraphs",
    "sample",
    "withheld",
]
