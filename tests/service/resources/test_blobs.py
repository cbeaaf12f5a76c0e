"""R9: bytes and what is known of them come and go together, though GridFS writes outside transactions."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from services.resources.store import blobs
from shared.errors import Busy
from shared.storage.database import Database
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now
from tests.kernel.world import until
from tests.service.resources.uploading import uploads
from tests.support.service import Service
from tests.unit.resources.little_files import a_pdf


async def test_the_bytes_of_a_command_that_failed_go_after_an_hour(
    region: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the process died here")

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "add", fails)
        assert (await uploads(region.as_("ann"), "a.pdf", a_pdf("x" * 600_000))).status_code == 500
    kept = await uploads(region.as_("ann"), "b.pdf", a_pdf("y" * 600_000))
    assert (await region.as_("ann").get("/communities/open/resources")).json()["items"] == [
        kept.json()
    ]
    assert await region.database["fs.files"].count_documents({}) == 2

    await region.tick()
    assert await region.database["fs.files"].count_documents({}) == 2  # it might yet be adopted
    region.clock(now() + timedelta(hours=1, minutes=1))
    await region.tick()
    assert await region.database["fs.files"].count_documents({}) == 1
    assert await region.database["fs.chunks"].count_documents({}) == 3
    got = await region.as_("bob").get(f"{kept.headers['location']}/content")
    assert got.content == a_pdf("y" * 600_000)
    region.clock(now() + timedelta(days=1))
    await region.tick()
    assert await region.database["uploads"].count_documents({}) == 0
    assert await region.database["fs.files"].count_documents({}) == 1


async def test_bytes_that_were_sent_in_part_go_after_an_hour(region: Service) -> None:
    await region.database["uploads"].insert_one({"_id": "half", "at": now()})
    await region.database["fs.chunks"].insert_one({"files_id": "half", "n": 0, "data": b"x"})
    region.clock(now() + timedelta(hours=2))
    await region.tick()
    assert await region.database["fs.chunks"].count_documents({}) == 0


async def test_bytes_that_come_after_the_sweep_go_too(region: Service) -> None:
    """A process that stood still for hours writes on when it wakes."""
    await region.database["uploads"].insert_one({"_id": "slow", "at": now()})
    region.clock(now() + timedelta(hours=2))
    await region.tick()
    await region.database["fs.chunks"].insert_one({"files_id": "slow", "n": 1, "data": b"x"})
    with pytest.raises(Busy):
        await region.database.transact(lambda tx: blobs.adopt(tx, "slow"))
    region.clock(now() + timedelta(days=1))
    await region.tick()
    assert await region.database["fs.chunks"].count_documents({}) == 0
    assert await region.database["uploads"].count_documents({}) == 0


async def a_blob(database: Database) -> str:
    await blobs.keep(database, "blob", b"bytes")
    return "blob"


async def bytes_of(database: Database, blob_id: str) -> bytes:
    return b"".join([chunk async for chunk in await blobs.read(database, blob_id)])


async def test_a_sweep_waits_for_a_command_that_is_about_to_adopt(region: Service) -> None:
    database = region.database
    blob = await a_blob(database)
    region.clock(now() + timedelta(hours=2))
    sweeping: list[asyncio.Task[None]] = []

    async def sweeper_stands_before_the_note() -> bool:
        """Its update has met the command's, and is tried again and again by mongod."""
        stages = [
            {"$currentOp": {}},
            {"$match": {"ns": f"{database.raw.name}.uploads", "writeConflicts": {"$gt": 0}}},
        ]
        return bool(await database.client["admin"].aggregate(stages).to_list(None))

    async def command(tx: Transaction) -> None:
        await blobs.adopt(tx, blob)
        sweeping.append(asyncio.create_task(blobs.sweep(database)))
        await until(sweeper_stands_before_the_note)
        assert not sweeping[0].done()

    await database.transact(command)
    await sweeping[0]
    assert len(sweeping) == 1
    assert await bytes_of(database, blob) == b"bytes"


async def test_a_command_that_comes_after_the_sweep_does_not_adopt(region: Service) -> None:
    database = region.database
    blob = await a_blob(database)
    region.clock(now() + timedelta(hours=2))
    runs = 0

    async def command(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        await tx.get(
            "communities", "open"
        )  # from here it sees the world as it was before the sweep
        if runs == 1:
            await blobs.sweep(database)
        await blobs.adopt(tx, blob)
        tx.write("communities", _mark())

    with pytest.raises(Busy):
        await database.transact(command)
    assert runs == 2
    assert await database["communities"].count_documents({"marked": True}) == 0


def _mark() -> Any:
    from pymongo import UpdateOne

    return UpdateOne({"_id": "open"}, {"$set": {"marked": True}})


async def test_sweeps_and_commands_together_lose_and_leave_nothing(region: Service) -> None:
    database = region.database
    names = [f"blob {n}" for n in range(40)]
    for name in names:
        await blobs.keep(database, name, name.encode())
    region.clock(now() + timedelta(hours=2))

    async def adopts(name: str) -> bool:
        try:
            await database.transact(lambda tx: blobs.adopt(tx, name))
        except Busy:
            return False
        return True

    sweeps = [blobs.sweep(database) for _ in range(4)]
    _, adopted = await asyncio.gather(asyncio.gather(*sweeps), asyncio.gather(*map(adopts, names)))
    await blobs.sweep(database)
    kept = {one["_id"] async for one in database["fs.files"].find()}
    assert kept == {name for name, done in zip(names, adopted, strict=True) if done}
    for name in kept:
        assert await bytes_of(database, name) == name.encode()


async def test_two_who_revise_at_once_make_two_versions_and_keep_two_files(region: Service) -> None:
    ann, fay = region.as_("ann"), region.as_("fay")
    here = (await uploads(ann, "a.pdf", a_pdf("0"))).headers["location"]

    async def revises(client: httpx2.AsyncClient, n: int) -> int:
        file = {"file": ("a.pdf", a_pdf(f"new {n}"))}
        return (await client.post(f"{here}/versions/file", files=file)).status_code

    assert await asyncio.gather(*(revises((ann, fay)[n % 2], n) for n in range(10))) == [201] * 10
    versions = (await ann.get(f"{here}/versions")).json()["items"]
    assert [one["version"] for one in versions] == list(range(11, 0, -1))
    assert len({one["sha256"] for one in versions}) == 11
    assert (
        await region.database["fs.files"].count_documents({}) == 11
    )  # a retry keeps no second copy
    assert await region.database["uploads"].count_documents({}) == 0


async def test_gridfs_finds_its_collections_and_indexes_made(region: Service) -> None:
    before = {
        name: set(await region.database[name].index_information())
        for name in ("fs.files", "fs.chunks")
    }
    await uploads(region.as_("ann"), "a.pdf", a_pdf())
    for name, indexes in before.items():
        assert set(await region.database[name].index_information()) == indexes
        assert len(indexes) == 2
