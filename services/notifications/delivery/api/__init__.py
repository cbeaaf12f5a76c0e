"""What people wish to get, and what operators ask of deliveries."""

from fastapi import APIRouter

from services.notifications.delivery.api import deliveries, preferences, unsubscribe

router = APIRouter()
for part in (preferences, unsubscribe, deliveries):
    router.include_router(part.router)

__all__ = ["router"]
