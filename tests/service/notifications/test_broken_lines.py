"""Mail is sent once, or nobody knows; it is never sent twice in silence."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from deploy.local import ports
from shared.types.clock import now
from tests.service.notifications.conftest import SETTINGS
from tests.service.notifications.faulty_line import over, the_delivery, until
from tests.service.notifications.post import Faulty, Post
from tests.service.notifications.region import Region, registered, wish
from tests.support.service import a_service

BEFORE = ["greeting", "ehlo", "mail", "rcpt", "data"]


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
