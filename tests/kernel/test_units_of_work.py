"""A unit of work keeps its writes back, and parts share a transaction: each reads as if every write were immediate."""

import random
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel
from pymongo import DeleteMany, UpdateOne

from shared.events.cloudevents import Origin
from shared.events.event import Document
from shared.storage.database import Database
from shared.storage.unit_of_work import Transaction

IDS = ["a", "b", "c", "d"]
ORIGIN = Origin("/copse/sample")
STEPS, SEEDS = 60, 40


class Sum(BaseModel, frozen=True):
    """The state of an aggregate."""

    n: int


class Drill:
    """Random steps, done to a unit of work and to a dict; whatever is read must be the same."""

    def __init__(self, tx: Transaction, kept: dict[str, Document], dice: random.Random) -> None:
        self._whole, self._tx = tx, tx
        self.kept, self._before = kept, kept
        self._dice = dice

    async def step(self) -> None:
        steps = [self._read, self._read, self._replace, self._replace, self._update]
        steps += [self._count, self._claim, self._begin_or_end, self._begin_or_end]
        steps += [self._decide, self._decide]
        steps += [self._delete] if self._dice.random() < 0.3 else []
        await self._dice.choice(steps)(self._dice.choice(IDS))

    async def _read(self, id: str) -> None:
        assert await self._tx.get("accounts", id) == self.kept.get(id)

    async def _count(self, _: str) -> None:
        high = {"n": {"$gte": 5}}
        expected = sum(one["n"] >= 5 for one in self.kept.values() if "version" not in one)
        assert await self._tx.count("accounts", high) == expected

    async def _replace(self, id: str) -> None:
        document = {"_id": id, "n": self._dice.randrange(10)}
        self._tx.replace("accounts", id, document)
        self.kept[id] = document

    async def _update(self, id: str) -> None:
        if self._dice.random() < 0.5:
            self._tx.update("accounts", id, {"$inc": {"n": 1}}, upsert=True)
        else:
            self._tx.write("accounts", UpdateOne({"_id": id}, {"$inc": {"n": 1}}, upsert=True))
        self.kept[id] = {"_id": id, "n": self.kept.get(id, {"n": 0})["n"] + 1}

    async def _delete(self, _: str) -> None:
        self._tx.write("accounts", DeleteMany({"n": {"$gte": 8}}))
        for id in [id for id, one in self.kept.items() if id in IDS and one["n"] >= 8]:
            del self.kept[id]

    async def _claim(self, id: str) -> None:
        fits = id in self.kept and self.kept[id]["n"] < 3
        low: dict[str, Any] = {"_id": id, "n": {"$lt": 3}}
        assert await self._tx.claim("accounts", low, {"$inc": {"n": 2}}) == fits
        if fits:
            self.kept[id] = {"_id": id, "n": self.kept[id]["n"] + 2}

    async def _decide(self, name: str) -> None:
        """An aggregate: added, changed by its rule, version after version."""
        id = f"sum of {name}"
        if before := self.kept.get(id):
            summed = await self._tx.change("sums", Sum, id, lambda sum: Sum(n=sum.n + 1))
            assert summed.n == before["n"] + 1
            self.kept[id] = {"_id": id, "n": summed.n, "version": before["version"] + 1}
        else:
            assert await self._tx.get("sums", id) is None
            self._tx.add("sums", id, Sum(n=1))
            self.kept[id] = {"_id": id, "n": 1, "version": 1}
        assert self._tx.version == self.kept[id]["version"]

    async def _begin_or_end(self, _: str) -> None:
        if self._tx is self._whole:
            self._tx, self._before = self._whole.part(ORIGIN), dict(self.kept)
        else:
            self.end()

    def end(self) -> None:
        """A part comes to its end: kept, or dropped where that is still possible."""
        if self._tx is self._whole:
            return
        if self._tx.sent or self._dice.random() < 0.5:
            self._whole.absorb(self._tx)
        else:
            self.kept = self._before
        self._tx = self._whole


@pytest.fixture
async def database(mongo: str) -> AsyncIterator[Database]:
    one = Database(mongo, f"drill_{uuid.uuid4().hex[:8]}")
    await one.prepare({"accounts": [], "sums": []})
    yield one
    await one.client.drop_database(one.raw.name)
    one.client.close()


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_what_is_read_and_kept_is_as_if_each_write_were_immediate(
    database: Database, seed: int
) -> None:
    dice = random.Random(seed)
    stored: dict[str, Document] = {}
    for _ in range(2):  # over nothing, and over what the first transaction left

        async def work(tx: Transaction, before: dict[str, Document] = stored) -> Any:
            drill = Drill(tx, dict(before), dice)
            for _ in range(STEPS):
                await drill.step()
            drill.end()
            return drill.kept

        stored = await database.transact(work)
        found = await database["accounts"].find({}).to_list(None)
        found += await database["sums"].find({}, {"changed_at": 0}).to_list(None)
        assert {one["_id"]: one for one in found} == stored
