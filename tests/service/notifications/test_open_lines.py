"""Connections are kept and replaced; a service that ends, or is killed, in the middle of a send."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.service.notifications.faulty_line import over, until
from tests.service.notifications.post import Faulty
from tests.service.notifications.region import announced, wish


async def test_a_service_that_ends_lets_the_mail_on_its_way_arrive(
    mongo: str, tmp_path: Path
) -> None:
    faulty = Faulty("never")
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(stage: str) -> None:
        if stage == "answer":
            reached.set()
            await go_on.wait()

    faulty.before = slowly
    async with over(faulty, mongo, tmp_path) as (region, _):
        await region.service.happens(wish("r1"), wish("r2"))
        await region.service.does("tell")
        sending = asyncio.create_task(region.service.does("send_by_mail"))
        await reached.wait()
        sending.cancel()
        await asyncio.sleep(0.1)
        assert not sending.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert "sending" not in await region.states()
        assert (await region.states()).count("sent") == len(faulty.mails) >= 1


async def test_a_connection_stays_open_for_the_next_mail(mongo: str, tmp_path: Path) -> None:
    async with over(Faulty("never"), mongo, tmp_path) as (region, faulty):
        for n in range(5):
            await region.service.happens(wish(f"r{n}"))
            await region.service.tick()
        assert (len(faulty.mails), faulty.connections) == (5, 1)


async def test_a_connection_that_ended_unnoticed_is_replaced(mongo: str, tmp_path: Path) -> None:
    async with over(Faulty("never"), mongo, tmp_path) as (region, faulty):
        await region.service.happens(wish("r1"))
        await region.service.tick()
        faulty.stage, faulty.times = "NOOP", 1
        await asyncio.sleep(2.2)
        await region.service.happens(wish("r2"))
        await region.service.tick()
        assert (len(faulty.mails), faulty.connections) == (2, 2)


STALLS = """
import asyncio, sys
from shared.storage.database import Database
from services.notifications.delivery.mail import Mail
from services.notifications.delivery.sender import Sender
from services.notifications.settings import NotificationSettings

async def main():
    settings = NotificationSettings()
    database, mail = Database(settings.mongo, sys.argv[1]), Mail(settings)
    await Sender(database, settings.public_url, mail, [None, mail.name]).work()

asyncio.run(main())
"""


@pytest.mark.parametrize("stage", ["answer", "data"])
async def test_after_a_kill_in_the_middle_of_a_send_at_most_one_mail_arrives(
    stage: str, mongo: str, tmp_path: Path
) -> None:
    faulty = Faulty("never")
    stalled = asyncio.Event()

    async def stall(at: str) -> None:
        if at == stage and not stalled.is_set():
            stalled.set()
            await asyncio.sleep(30)

    faulty.before = stall
    async with over(faulty, mongo, tmp_path, mail_lease_seconds=3) as (region, _):
        database = region.service.database
        await region.service.happens(wish(), announced())
        await region.service.does("tell")
        told = {"MONGO": mongo, "SMTP_PORT": str(faulty.port), "MAIL_LEASE_SECONDS": "3"}
        variables = {f"COPSE_{name}": value for name, value in told.items()}
        sender = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", STALLS, database.raw.name), env={**os.environ, **variables}
        )
        async with asyncio.timeout(30):
            await stalled.wait()
        sender.kill()
        await sender.wait()
        await until(region, "delivery-unknown")
        for _ in range(3):
            await region.service.tick()
        assert faulty.seen == (stage == "answer")
        assert await region.states() == ["delivery-unknown"]
