"""What people ask of scheduling."""

from services.scheduling.api import answers, feeds, meetings, rhythms
from shared.http.router import Router

router = Router()
for part in (rhythms, meetings, answers, feeds):
    router.include_router(part.router)
