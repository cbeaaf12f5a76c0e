"""A sender that comes too late sends nothing more; if it knows how its mail ended, it is believed."""

import asyncio
import time

from services.notifications.delivery import store
from services.notifications.delivery.channel import TOO_LONG, Sent
from services.notifications.delivery.mail.smtp import Composed, Connection
from services.notifications.delivery.model import after
from services.notifications.settings import NotificationSettings
from shared.types.clock import now
from tests.service.notifications.post import Faulty
from tests.service.notifications.region import Region, registered, wish
from tests.support.service import Service

MAIL = [None, "mail"]


async def test_what_a_dead_sender_had_begun_is_not_begun_again(
    region: Region, service: Service
) -> None:
    """A lease that ran out, by the server's clock, while a mail was being sent."""
    await service.happens(registered("ann"), wish())
    await service.does("tell")
    assert await store.claim(service.database, MAIL, "dead", 0.01)
    await asyncio.sleep(1.1)
    assert await region.told() == []
    assert await region.states() == ["delivery-unknown"]


async def test_what_was_begun_by_a_channel_that_is_gone_is_told_all_the_same(
    region: Region, service: Service
) -> None:
    await service.happens(registered("ann"), wish())
    await service.does("tell")
    assert await store.claim(service.database, MAIL, "dead", 0.01)
    await service.database["notifications"].update_many({}, {"$set": {"channel": "gone"}})
    await asyncio.sleep(1.1)
    assert await region.told() == []
    assert await region.states() == ["delivery-unknown"]


async def test_a_slow_sender_that_comes_back_with_the_truth_is_believed(
    region: Region, service: Service
) -> None:
    await service.happens(registered("ann"), wish())
    await service.does("tell")
    claimed = await store.claim(service.database, MAIL, "slow", 0.01)
    assert claimed
    await asyncio.sleep(0.05)
    await store.give_up_on_lapsed(service.database)
    sent = after("sent", "250", 1, now())
    assert await store.record(service.database, claimed, "slow", sent, None)
    assert await region.states() == ["sent"]
    assert not await store.record(service.database, claimed, "other", sent, None)


async def test_no_message_leaves_after_its_time_though_the_server_is_willing() -> None:
    """Also where the timeout around it is lost: another replica may have given it up, and an operator sent it anew."""
    faulty = Faulty("never")
    async with faulty.running():
        line = Connection(NotificationSettings(smtp_port=faulty.port))
        try:
            mail = Composed("copse@example.org", "ann@example.org", b"Subject: x\r\n\r\nx\r\n")
            for until, ends in ((-0.001, Sent("broken", TOO_LONG)), (5, Sent("sent", "250 taken"))):
                await line.open()
                assert await line.send(mail, until=time.monotonic() + until) == ends
        finally:
            await line.quit()
    assert (faulty.seen, faulty.connections) == (1, 2)
