"""Notifications, wired of its slices. It publishes nothing: what it does reaches people."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter

from services.notifications.delivery import api as delivery_api
from services.notifications.delivery import handlers as delivery
from services.notifications.delivery import store as delivery_store
from services.notifications.delivery.channel import ChannelKind
from services.notifications.delivery.mail import Mail
from services.notifications.inbox import api as inbox_api
from services.notifications.inbox import store as inbox_store
from services.notifications.settings import NotificationSettings
from services.notifications.telling import api as telling_api
from services.notifications.telling import handlers as telling
from services.notifications.telling import store as telling_store
from services.notifications.wording import store as wording_store
from shared.consuming.handlers import Handlers
from shared.runtime.serve import run
from shared.runtime.service import Service


def reaching_people_by(*channels: ChannelKind) -> Service[NotificationSettings]:
    """The service with these channels; the first that reaches a person delivers to them, else the last."""
    on = Handlers("notifications").include(telling.on, delivery.on)
    on.lifespan(delivery.senders(*channels))
    router = APIRouter()
    for api in (inbox_api, delivery_api, telling_api):
        router.include_router(api.router)
    stores = (wording_store, telling_store, inbox_store, delivery_store)
    return Service(
        "notifications",
        router,
        on,
        settings=NotificationSettings,
        indexes=_together(*(store.INDEXES for store in stores)),
    )


def _together(*slices: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Each slice names the indexes that it asks by, also of a collection that another keeps."""
    indexes: defaultdict[str, list[Any]] = defaultdict(list)
    for asked in slices:
        for collection, wanted in asked.items():
            indexes[collection] += wanted
    return indexes


service = reaching_people_by(Mail)

if __name__ == "__main__":
    run(service)
