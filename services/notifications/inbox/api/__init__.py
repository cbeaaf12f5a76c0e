"""What people ask of their inbox."""

from fastapi import APIRouter

from services.notifications.inbox.api import inbox, links

router = APIRouter()
for part in (inbox, links):
    router.include_router(part.router)

__all__ = ["router"]
