"""What people ask of scheduling."""

from services.scheduling.api import answers, feeds, meetings, rhythms
from shared.http.router import Router

router = Router()
for one in (rhythms.router, meetings.router, answers.router, feeds.router):
    router.include_router(one)
