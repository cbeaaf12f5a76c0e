"""Where templates are kept, with all their versions."""

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.notifications.wording.store.templates import (
    TEMPLATES,
    current_version,
    neutral_template,
    save_template,
    template,
    templates,
    versions,
)

INDEXES: Mapping[str, Sequence[IndexModel]] = {
    TEMPLATES: [IndexModel([("template_id", ASCENDING), ("version", DESCENDING)])],
}

__all__ = [
    "INDEXES",
    "current_version",
    "neutral_template",
    "save_template",
    "template",
    "templates",
    "versions",
]
