"""Badges, wired."""

from services.badges import api, handlers, store
from services.badges.settings import BadgeSettings
from shared.contracts import badges
from shared.runtime.serve import run
from shared.runtime.service import Service

service = Service(
    "badges",
    api.router,
    handlers.on,
    settings=BadgeSettings,
    indexes=store.INDEXES,
    publishes=(badges.BadgeGiven,),
)

if __name__ == "__main__":
    run(service)
