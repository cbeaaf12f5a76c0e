"""What deliveries depend on, read together; for many at once it costs little more than for one."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from services.notifications.delivery.layout import DELIVERIES
from services.notifications.delivery.model import Pending, links_for
from services.notifications.delivery.store.preferences import choices_of, subscribed
from services.notifications.telling.model import Notification, identify
from services.notifications.telling.store import read_notification, renderings
from services.notifications.wording.store import neutral_template
from shared.storage.database import Database


async def look_up(
    database: Database, public_url: str, items: Sequence[Notification]
) -> dict[str, Pending]:
    """Everything that the deliveries of some notifications depend on, by their ids."""
    moment, reading = time.monotonic(), database.reading()
    kinds = [(item.person_id, item.category, item.community_id) for item in items]
    rendered, chosen, before, subscriptions, neutral = await asyncio.gather(
        renderings(reading, items),
        choices_of(reading, [item.person_id for item in items]),
        threads_before(database, items),
        subscribed(database, kinds),
        neutral_template(reading),
    )
    return {
        item.notification_id: Pending(
            rendering=rendering,
            chosen=chosen[item.person_id],
            before=before[item.notification_id],
            links=links_for(public_url, subscriptions[kind].token, item.notification_id),
            neutral=neutral,
            looked_at=moment,
        )
        for item, kind, rendering in zip(items, kinds, rendered, strict=True)
    }


async def threads_before(
    database: Database, items: Sequence[Notification]
) -> dict[str, list[Notification]]:
    """What the same people were told of the same meetings before, the oldest first; by notification."""
    meetings = sorted({item.meeting_id for item in items if item.meeting_id})
    notices: defaultdict[str | None, list[str]] = defaultdict(list)
    if meetings:
        about = database["notices"].find({"meeting_id": {"$in": meetings}}, {"meeting_id": 1})
        for notice in await about.to_list(None):
            notices[notice["meeting_id"]].append(notice["_id"])
    threads = {
        item.notification_id: [identify(id, item.person_id) for id in notices[item.meeting_id]]
        for item in items
    }
    ids = sorted({id for thread in threads.values() for id in thread})
    documents = await database[DELIVERIES].find({"_id": {"$in": ids}}).to_list(None)
    known = {document["_id"]: read_notification(document) for document in documents}
    return {
        item.notification_id: sorted(
            (
                known[id]
                for id in threads[item.notification_id]
                if id in known and _order(known[id]) < _order(item)
            ),
            key=_order,
        )
        for item in items
    }


def _order(notification: Notification) -> tuple[int, Any, str]:
    return notification.sequence, notification.at, notification.notification_id
