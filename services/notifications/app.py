"""Notifications, wired. It publishes nothing: what it does reaches people."""

from services.notifications import api, handlers, store
from services.notifications.settings import NotificationSettings
from shared.runtime.serve import run
from shared.runtime.service import Service

service = Service(
    "notifications",
    api.router,
    handlers.on,
    settings=NotificationSettings,
    indexes=store.INDEXES,
)

if __name__ == "__main__":
    run(service)
