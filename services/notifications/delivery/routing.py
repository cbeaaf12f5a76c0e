"""Which channel delivers what: the first that reaches the person, else the last. With one channel nobody needs to decide."""

from collections.abc import Sequence
from typing import Any

from services.notifications.delivery import store
from services.notifications.delivery.channel import Channel
from services.notifications.delivery.model import Pending
from services.notifications.telling.model import Notification
from shared.storage.database import Database
from shared.storage.failures import is_outage

AT_ONCE = 100


def takes(channel: Channel[Any], channels: Sequence[Channel[Any]]) -> store.Takes:
    """Whose deliveries a channel's sender takes: its own, and where it is the only one those that were given none."""
    return [channel.name] if len(channels) > 1 else [None, channel.name]


async def route(database: Database, public_url: str, channels: Sequence[Channel[Any]]) -> None:
    """Give a channel to every notification that no sender takes, also to those of a channel that is gone."""
    known = [name for channel in channels for name in takes(channel, channels)]
    while unrouted := await store.unrouted(database, known, AT_ONCE):
        pending = await _look_up(database, public_url, unrouted)
        names = {
            notification.notification_id: _choose(
                channels, pending.get(notification.notification_id)
            )
            for notification in unrouted
        }
        await store.assign(database, names, known)


def _choose(channels: Sequence[Channel[Any]], pending: Pending | None) -> str:
    if pending:
        for channel in channels:
            if channel.reaches(pending):
                return channel.name
    return channels[-1].name  # what cannot be read shows there what is wrong with it


async def _look_up(
    database: Database, public_url: str, unrouted: Sequence[Notification]
) -> dict[str, Pending]:
    """What is known of them, without those that cannot be read."""
    try:
        return await store.look_up(database, public_url, unrouted)
    except Exception as error:
        if is_outage(error):
            raise
    if len(unrouted) == 1:
        return {}
    alone = [await _look_up(database, public_url, [notification]) for notification in unrouted]
    return {id: pending for each in alone for id, pending in each.items()}
