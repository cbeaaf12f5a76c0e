"""Notifications, wired."""

from services.notifications import api, handlers, store
from services.notifications.channels import MailSettings
from shared.runtime.service import create_service, run

app = create_service(
    "notifications", api.router, handlers.on, indexes=store.INDEXES, settings=MailSettings
)

if __name__ == "__main__":
    run(app)
