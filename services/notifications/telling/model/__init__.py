"""Who is told of what; pure: no clock, no database, no broker, no mail."""

from services.notifications.telling.layout import State
from services.notifications.telling.model.audience import (
    Audience,
    EventDoesNotFit,
    Recipients,
    is_path,
    require_object,
)
from services.notifications.telling.model.category import Category, require_category_name
from services.notifications.telling.model.checks import (
    preview,
    require_fitting_event,
    require_workable_rule,
    require_workable_template,
    sample,
)
from services.notifications.telling.model.invitation import Part, calendar_file, calendar_part
from services.notifications.telling.model.notice import Notice, identify
from services.notifications.telling.model.notification import Attempt, Notification
from services.notifications.telling.model.rendering import Rendering
from services.notifications.telling.model.rule import Rule, RuleDraft

__all__ = [
    "Attempt",
    "Audience",
    "Category",
    "EventDoesNotFit",
    "Notice",
    "Notification",
    "Part",
    "Recipients",
    "Rendering",
    "Rule",
    "RuleDraft",
    "State",
    "calendar_file",
    "calendar_part",
    "identify",
    "is_path",
    "preview",
    "require_category_name",
    "require_fitting_event",
    "require_object",
    "require_workable_rule",
    "require_workable_template",
    "sample",
]
