"""Mail is sent once, or nobody knows; it is never sent twice in silence."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from deploy.local import ports
from shared.types.clock import now
from tests.service.notifications.conftest import SETTINGS
from tests.service.notifications.post import Faulty, Post
from tests.service.notifications.region import Region, announced, registered, wish
from tests.support.service import a_service

BEFORE = ["greeting", "ehlo", "mail", "rcpt", "data"]


@asynccontextmanager
async def over(
    faulty: Faulty, mongo: str, folder: Path, **settings: Any
) -> AsyncIterator[tuple[Region, Faulty]]:
    """The service with a mail server that fails."""
    told = SETTINGS | {"smtp_timeout_seconds": 2} | settings
    async with (
        faulty.running(),
        a_service("notifications", mongo, folder, smtp_port=faulty.port, **told) as service,
    ):
        region = Region(service, Post())
        await service.happens(registered("ann"))
        yield region, faulty


async def the_delivery(region: Region) -> dict[str, Any]:
    found = await region.service.database["notifications"].find_one({})
    assert found
    return found


async def until(region: Region, state: str, within: float = 8) -> dict[str, Any]:
    """Tick until the one mail is in a state; the clock is moved over its waits."""
    async with asyncio.timeout(within):
        while (one := await the_delivery(region))["state"] != state:
            if one["state"] == "queued" and one["next_at"] > now() + timedelta(seconds=1):
                region.service.clock(one["next_at"])
            await region.service.tick()
            await asyncio.sleep(0.05)
    return one


@pytest.mark.parametrize("stage", BEFORE)
async def test_a_line_that_breaks_before_the_message_costs_nothing(
    stage: str, mongo: str, tmp_path: Path
) -> None:
    async with over(Faulty(stage), mongo, tmp_path) as (region, faulty):
        await region.service.happens(wish())
        await region.service.tick()
        await until(region, "sent")
        assert faulty.seen == len(faulty.mails) == 1


@pytest.mark.parametrize("stage", ["content", "answer"])
async def test_a_line_that_breaks_with_the_message_under_way_is_for_an_operator_to_judge(
    stage: str, mongo: str, tmp_path: Path
) -> None:
    async with over(Faulty(stage), mongo, tmp_path) as (region, faulty):
        await region.service.happens(wish())
        await region.service.tick()
        await until(region, "delivery-unknown")
        region.service.clock(now() + timedelta(days=3))
        for _ in range(3):
            await region.service.tick()
        assert faulty.seen == (stage == "answer")
        [one] = (await region.operator.get("/deliveries?state=delivery-unknown")).json()["items"]
        assert one["trail"][-1]["outcome"] == "unknown"

        reply = await region.operator.post(f"/deliveries/{one['id']}/resend")
        assert (reply.status_code, reply.json()["state"]) == (200, "queued")
        await until(region, "sent")
        assert len(faulty.mails) == 1
        again = await region.operator.post(f"/deliveries/{one['id']}/resend")
        assert again.status_code == 409
        assert again.json()["type"] == "urn:copse:problem:not-to-resend"


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "answer"])
async def test_a_refusal_for_now_is_tried_again(stage: str, mongo: str, tmp_path: Path) -> None:
    async with over(Faulty(stage, "451 greylisted"), mongo, tmp_path) as (region, faulty):
        await region.service.happens(wish())
        await region.service.tick()
        one = await the_delivery(region)
        while one["state"] != "queued":
            await region.service.tick()
            one = await the_delivery(region)
        assert one["attempts"] == 1
        assert one["next_at"] > now()
        one = await until(region, "sent")
        assert [tried["outcome"] for tried in one["trail"]] == ["deferred", "sent"]
        assert len(faulty.mails) == 1


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "answer"])
async def test_a_refusal_for_good_is_kept_with_the_servers_words(
    stage: str, mongo: str, tmp_path: Path
) -> None:
    faulty = Faulty(stage, "550 <Ann@example.org> does not live here")
    async with over(faulty, mongo, tmp_path) as (region, _):
        await region.service.happens(wish())
        await region.service.tick()
        one = await until(region, "failed")
        assert "does not live here" in one["reason"]
        assert "@example.org" not in str(one)
        assert not faulty.mails


@pytest.mark.parametrize("answer", ["421 closing", "530 sign in first"])
async def test_a_server_that_admits_nobody_costs_no_attempt(
    answer: str, mongo: str, tmp_path: Path
) -> None:
    async with over(Faulty("mail", answer, times=2), mongo, tmp_path) as (region, faulty):
        await region.service.happens(wish())
        await region.service.tick()
        one = await until(region, "sent")
        assert one["attempts"] == 1
        assert len(faulty.mails) == 1


async def test_a_silent_server_is_given_up_in_time(mongo: str, tmp_path: Path) -> None:
    """It takes the message and never answers: nobody knows."""
    faulty = Faulty("answer", "")
    async with over(faulty, mongo, tmp_path, smtp_timeout_seconds=0.3) as (region, _):
        await region.service.happens(wish())
        await region.service.tick()
        await until(region, "delivery-unknown")
        assert faulty.seen == 1


async def test_while_the_mail_server_is_away_everything_waits(mongo: str, tmp_path: Path) -> None:
    post = Post()
    post.port = ports.free()["smtp"]
    async with a_service(
        "notifications", mongo, tmp_path, smtp_port=post.port, **SETTINGS
    ) as service:
        region = Region(service, post)
        await region.service.happens(registered("ann"), wish())
        for _ in range(5):
            await service.tick()
            await asyncio.sleep(0.1)
        one = await the_delivery(region)
        assert one["state"] == "queued"
        assert not one.get("attempts")
        assert REGISTRY.get_sample_value("copse_mail_server_away", {"channel": "mail"}) == 1
        await post.open()
        await until(region, "sent")
        assert len(post.mails) == 1
        assert REGISTRY.get_sample_value("copse_mail_server_away", {"channel": "mail"}) == 0
        await post.close()


async def test_a_service_that_ends_lets_the_mail_on_its_way_arrive(
    mongo: str, tmp_path: Path
) -> None:
    faulty = Faulty("never")
    reached, go_on = asyncio.Event(), asyncio.Event()
    answer = faulty._answer

    async def slowly(writer: asyncio.StreamWriter, at: str, usual: str) -> None:
        if at == "answer":
            reached.set()
            await go_on.wait()
        await answer(writer, at, usual)

    faulty._answer = slowly  # type: ignore[method-assign]
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
    answer = faulty._answer

    async def stall(writer: asyncio.StreamWriter, at: str, usual: str) -> None:
        if at == stage and not stalled.is_set():
            stalled.set()
            await asyncio.sleep(30)
        await answer(writer, at, usual)

    faulty._answer = stall  # type: ignore[method-assign]
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
