"""What people ask of resources."""

from services.resources.api import bin, content, reading, sharing, versions
from shared.http.router import Router

router = Router()
for part in (sharing, versions, reading, content, bin):
    router.include_router(part.router)
