"""Every test of a service fails if the service reads a whole collection; here is the proof that it would."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from services.notifications.delivery.store import give_up_on_lapsed
from services.scheduling.store import give_notice
from tests.support.scans import CollectionScan
from tests.support.service import Service, a_service, started


async def lists_meetings(service: Service) -> None:
    reply = await service.as_("fay").get("/communities/c1/meetings")
    assert reply.status_code == 200


async def gives_notice(service: Service) -> None:
    await service.database.transact(lambda tx: give_notice(tx, "c1", 7))


async def has_its_chores(service: Service) -> None:
    await service.tick()


async def gives_up_mails(service: Service) -> None:
    await give_up_on_lapsed(service.database)


@pytest.mark.parametrize(
    ("name", "collection", "does", "named"),
    [
        ("scheduling", "meetings", lists_meetings, r"meetings\.query .*community_id"),
        ("scheduling", "meetings", gives_notice, r"meetings\.query .*announced_at"),
        ("scheduling", "meetings", has_its_chores, r"meetings\.query .*announce_at"),
        ("notifications", "notifications", gives_up_mails, r"notifications\.update .*state"),
    ],
)
async def test_a_question_whose_index_is_gone_is_named(
    name: str,
    collection: str,
    does: Callable[[Service], Awaitable[None]],
    named: str,
    mongo: str,
    tmp_path: Path,
) -> None:
    async def without_its_index() -> None:
        async with a_service(name, mongo, tmp_path) as service:
            await service.happens(started())
            await service.database[collection].drop_indexes()
            await does(service)

    with pytest.raises(CollectionScan, match=named):
        await without_its_index()


async def test_what_a_test_asks_itself_does_not_count(mongo: str, tmp_path: Path) -> None:
    async with a_service("scheduling", mongo, tmp_path) as service:
        await service.happens(started())
        await service.database["communities"].find({"name": "Leads"}).to_list(None)
