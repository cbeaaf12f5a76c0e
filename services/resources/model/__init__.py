"""The rules of what is shared."""

from services.resources.model.content import inspect
from services.resources.model.links import Link, link
from services.resources.model.names import Tags, safe_name
from services.resources.model.resource import About, File, Resource, Version, share
from services.resources.model.standing import Standing

__all__ = [
    "About",
    "File",
    "Link",
    "Resource",
    "Standing",
    "Tags",
    "Version",
    "inspect",
    "link",
    "safe_name",
    "share",
]
