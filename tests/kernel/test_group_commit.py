"""Commands on one aggregate that come at once share transactions; nobody notices but by the clock."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.observability.metrics import COMMANDS_PER_COMMIT
from tests.support.service import Service, a_service

PURSE = "/purses/p1"
MODULE = "tests.kernel.purse"


@pytest.fixture
async def service(mongo: str, tmp_path: Path) -> AsyncIterator[Service]:
    async with a_service("purse", mongo, tmp_path, module=MODULE) as one:
        yield one


async def _filled(service: Service, left: int) -> None:
    reply = await service.client().put(f"{PURSE}?left={left}")
    assert reply.status_code == 201


async def _all_take(
    service: Service, wishes: Sequence[dict[str, Any]], **headers: str
) -> list[Any]:
    client = service.client()
    asked = [client.post(f"{PURSE}/takings", json=wish, headers=headers) for wish in wishes]
    return await asyncio.gather(*asked)


async def _published(service: Service) -> list[tuple[int, int]]:
    """Sequence and what is left, of each event."""
    rows = await service.database["outbox"].find().sort("seq", 1).to_list(None)
    return [(row["seq"], json.loads(row["value"])["data"]["left"]) for row in rows]


async def _left(service: Service) -> int:
    purse = await service.database["purses"].find_one({"_id": "p1"})
    return int(purse["left"])


async def _commits(mongo: Any) -> int:
    status = await mongo.command("serverStatus")
    return int(status["transactions"]["totalCommitted"])


def _groups() -> tuple[float, float]:
    """Commits of commands, and commands in them."""
    [metric] = COMMANDS_PER_COMMIT.collect()
    values = {sample.name.rpartition("_")[2]: sample.value for sample in metric.samples}
    return values["count"], values["sum"]


async def test_those_who_wait_share_a_transaction_and_each_is_answered_by_itself(
    service: Service,
) -> None:
    await _filled(service, 100)
    admin = service.database.client.admin
    commits, (groups, commands) = await _commits(admin), _groups()
    replies = await _all_take(service, [{}] * 40)
    assert [reply.status_code for reply in replies] == [200] * 40
    # In the order they came: each saw what the earlier ones left, and bears its own version.
    assert [reply.json()["left"] for reply in replies] == [*range(99, 59, -1)]
    assert [reply.headers["etag"] for reply in replies] == [f'"v{n}"' for n in range(2, 42)]
    assert await _published(service) == [(n, 101 - n) for n in range(2, 42)]
    assert await _left(service) == 60
    assert await _commits(admin) - commits <= 5
    assert _groups()[0] - groups <= 5
    assert _groups()[1] - commands == 40


@pytest.mark.parametrize("sends", [False, True])
async def test_who_is_refused_leaves_nothing_and_harms_nobody(
    service: Service, sends: bool
) -> None:
    await _filled(service, 10)
    wishes = [{"amount": 100, "sends": sends} if n % 3 else {"sends": sends} for n in range(36)]
    replies = await _all_take(service, wishes)
    assert Counter(reply.status_code for reply in replies) == {200: 10, 409: 26}
    taken = [reply.json()["left"] for reply in replies if reply.status_code == 200]
    assert sorted(taken, reverse=True) == [*range(9, -1, -1)]
    refused = {reply.json()["type"] for reply in replies if reply.status_code == 409}
    assert refused == {"urn:copse:problem:overdrawn"}
    assert await _published(service) == [(n, 11 - n) for n in range(2, 12)]
    attempts = await service.database["attempts"].count_documents({})
    assert attempts == (10 if sends else 0)


async def test_of_many_with_one_if_match_the_first_succeeds(service: Service) -> None:
    await _filled(service, 100)
    replies = await _all_take(service, [{}] * 20, **{"if-match": '"v1"'})
    assert [reply.status_code for reply in replies] == [200] + [412] * 19
    assert await _left(service) == 99


async def test_each_idempotency_key_is_done_once_and_replayed(service: Service) -> None:
    await _filled(service, 100)
    client = service.client()

    async def take(key: str) -> Any:
        path = f"{PURSE}/takings"
        return await client.post(path, json={}, headers={"idempotency-key": key})

    keys = [f"k{n}" for n in range(15)]
    firsts = await asyncio.gather(*[take(key) for key in [*keys, *keys]])
    assert {reply.status_code for reply in firsts} <= {200, 409}
    agains = await asyncio.gather(*[take(key) for key in keys])
    assert {reply.headers["idempotency-replayed"] for reply in agains} == {"true"}
    assert sorted(reply.json()["left"] for reply in agains) == [*range(85, 100)]
    assert await _left(service) == 85


async def test_a_write_that_cannot_be_kept_fails_its_own_command_alone(service: Service) -> None:
    await _filled(service, 100)
    wishes = [{"receipt": "same" if n in (3, 5) else f"r{n}"} for n in range(12)]
    replies = await _all_take(service, wishes)
    assert [reply.status_code for reply in replies] == [200] * 5 + [409] + [200] * 6
    assert await _left(service) == 89
    assert await service.database["receipts"].count_documents({}) == 11


async def test_a_client_that_goes_away_ends_nobody_elses_command(service: Service) -> None:
    await _filled(service, 100)
    client = service.client()
    asked = [asyncio.create_task(client.post(f"{PURSE}/takings", json={})) for _ in range(30)]
    for n in (0, 7, 19):  # the first to come begins the work
        await asyncio.sleep(0.002)
        asked[n].cancel()
    replies = await asyncio.gather(*asked, return_exceptions=True)
    stayed = [reply for reply in replies if not isinstance(reply, BaseException)]
    assert len(stayed) >= 27
    assert {reply.status_code for reply in stayed} == {200}
    left = await _left(service)
    assert 70 <= left <= 73  # one that was under way may be done
    assert len({reply.json()["left"] for reply in stayed}) == len(stayed)
    assert await _published(service) == [(n, 101 - n) for n in range(2, 102 - left)]


async def test_two_replicas_meet_by_conflict_and_every_command_counts_once(
    service: Service, mongo: str, tmp_path: Path
) -> None:
    await _filled(service, 100)
    async with a_service("purse", mongo, tmp_path, module=MODULE, of=service) as other:
        mine, others = await asyncio.gather(
            _all_take(service, [{}] * 30), _all_take(other, [{}] * 30)
        )
        lefts = [reply.json()["left"] for reply in (*mine, *others)]
        assert sorted(lefts, reverse=True) == [*range(99, 39, -1)]
        assert await _published(service) == [(n, 101 - n) for n in range(2, 62)]


async def test_beyond_a_limit_who_comes_is_told_to_come_back_and_nothing_is_done(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _filled(service, 100)
    monkeypatch.setattr("shared.storage.group_commit.COMMANDS_WAITING", 10)
    replies = await _all_take(service, [{}] * 25)
    assert [reply.status_code for reply in replies] == [200] * 10 + [503] * 15
    assert replies[-1].headers["retry-after"]
    assert await _left(service) == 90
    assert (await _all_take(service, [{}]))[0].status_code == 200
