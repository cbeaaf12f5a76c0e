"""What operators ask of telling: rules, templates and categories."""

from fastapi import APIRouter

from services.notifications.telling.api import categories, rules, templates

router = APIRouter()
for part in (rules, templates, categories):
    router.include_router(part.router)

__all__ = ["router"]
