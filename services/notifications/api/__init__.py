"""What people and operators ask of notifications."""

from fastapi import APIRouter

from services.notifications.api import (
    categories,
    deliveries,
    inbox,
    links,
    preferences,
    rules,
    templates,
)

router = APIRouter()
for one in (inbox, preferences, links, rules, templates, categories, deliveries):
    router.include_router(one.router)

__all__ = ["router"]
