"""What people ask of membership."""

from services.membership.api import communities, handover, members, people, requests, types
from shared.http.router import Router

router = Router()
for part in (types, communities, members, requests, handover, people):
    router.include_router(part.router)
