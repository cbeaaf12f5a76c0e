"""What becomes of commands that wait for each other when things go wrong; over a MongoDB that is played."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import pytest
from pymongo.errors import OperationFailure, PyMongoError, ServerSelectionTimeoutError

from shared.errors import Busy
from shared.events.cloudevents import Origin
from shared.storage.group_commit import GroupCommit
from shared.storage.unit_of_work import Transaction
from tests.unit.shared.played import Played

who: ContextVar[str] = ContextVar("who", default="nobody")
UNKNOWN = PyMongoError("who knows", error_labels=["UnknownTransactionCommitResult"])


class Lane:
    """A group commit whose transactions are counted; the first one waits until it is let go."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.committed: list[list[str]] = []
        self.fails: list[Exception] = []  # what becomes of the transactions after the first
        self.conflicts = 0
        self.go = asyncio.Event()
        self.group_commit = GroupCommit(self._transact)

    async def _transact(self, work: Callable[[Transaction], Awaitable[Any]], by: Origin) -> Any:
        while True:
            self.began.clear()
            result = await work(Transaction(Played(), None, by))
            if self.committed and self.conflicts:
                self.conflicts -= 1
                continue
            if self.committed and self.fails:
                raise self.fails.pop(0)
            self.committed.append([*self.began])
            return result

    async def command(self, name: str, ends: Callable[[], Awaitable[Any]] | None = None) -> str:
        async def work(tx: Transaction) -> str:
            self.began.append(name)
            if name == "first":
                await self.go.wait()
            if ends:
                await ends()
            return f"{name} {tx.origin.source} {who.get()}"

        who.set(name)
        return await self.group_commit.run("m1", work, Origin(f"/{name}"))

    async def crowd(self, *names: str, **ends: Callable[[], Awaitable[Any]]) -> list[Any]:
        """`first` is under way while the others come."""
        asked = [asyncio.create_task(self.command("first"))]
        await asyncio.sleep(0.001)
        asked += [asyncio.create_task(self.command(n, ends.get(n))) for n in names]
        await asyncio.sleep(0.01)
        self.go.set()
        _, *answers = await asyncio.gather(*asked, return_exceptions=True)
        return answers


def right(*names: str) -> list[str]:
    return [f"{name} /{name} {name}" for name in names]


async def test_each_runs_with_its_own_origin_and_context() -> None:
    lane = Lane()
    assert await lane.crowd("ann", "bob", "lee") == right("ann", "bob", "lee")
    assert lane.committed == [["first"], ["ann", "bob", "lee"]]


@pytest.mark.parametrize("error", [ServerSelectionTimeoutError("away"), UNKNOWN], ids=repr)
async def test_an_outage_is_told_to_all_who_wait_and_nobody_runs_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.storage.group_commit.GROUP_COMMANDS", 2)
    lane = Lane()
    lane.fails = [error]
    assert await lane.crowd("ann", "bob", "lee") == [error] * 3
    assert lane.began == ["ann", "bob"]
    assert await lane.command("tim") == right("tim")[0]


async def test_a_group_that_cannot_be_kept_is_taken_apart() -> None:
    lane = Lane()
    lane.fails = [OperationFailure("one of them"), OperationFailure("ann's")]
    ann, *others = await lane.crowd("ann", "bob", "lee")
    assert isinstance(ann, OperationFailure)
    assert others == right("bob", "lee")
    assert lane.committed == [["first"], ["bob"], ["lee"]]


async def test_after_each_conflict_half_as_many_try_and_the_others_come_next() -> None:
    lane = Lane()
    lane.conflicts = 2
    names = [f"p{n}" for n in range(8)]
    assert await lane.crowd(*names) == right(*names)
    assert lane.committed == [["first"], names[:2], names[2:]]


async def test_when_conflicts_do_not_end_only_the_first_hears_it() -> None:
    lane = Lane()
    lane.fails = [Busy("others were faster")]
    ann, *others = await lane.crowd("ann", "bob", "lee")
    assert isinstance(ann, Busy)
    assert others == right("bob", "lee")


async def test_a_write_that_fails_for_a_later_command_is_not_committed_without_it() -> None:
    lane, played = Lane(), Played()

    async def ann(tx: Transaction) -> str:
        tx.replace("accounts", "a", {"n": object()})
        return "kept"

    async def bob(tx: Transaction) -> int:
        return await tx.count("accounts", {})

    async def transact(work: Callable[[Transaction], Awaitable[Any]], _: Origin) -> Any:
        tx = Transaction(played, None, Origin("/t"))
        result = await work(tx)
        await tx.flush()
        return result

    group_commit = GroupCommit(transact)
    blocked = asyncio.create_task(group_commit.run("m1", lambda _: lane.go.wait(), Origin("/t")))
    await asyncio.sleep(0.001)
    asked = [asyncio.create_task(group_commit.run("m1", w, Origin("/t"))) for w in (ann, bob)]
    await asyncio.sleep(0.01)
    lane.go.set()
    told, count = await asyncio.gather(*asked, return_exceptions=True)
    await blocked
    assert isinstance(told, OverflowError)
    assert count == 0
    assert played.written == []


async def test_who_waited_too_long_is_sent_away_and_never_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.storage.group_commit.LONGEST_TURN_SECONDS", 0.005)
    lane = Lane()
    [late] = await lane.crowd("ann")
    assert isinstance(late, Busy)
    assert lane.committed == [["first"]]


async def test_a_lane_is_full_before_the_house_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.storage.group_commit.COMMANDS_WAITING_TOGETHER", 2)
    lane = Lane()
    ann, bob = await lane.crowd("ann", "bob")
    assert (ann, type(bob)) == (right("ann")[0], Busy)


async def test_a_command_that_is_cancelled_from_within_ends_nobody_elses() -> None:
    async def cancel() -> None:
        raise asyncio.CancelledError

    lane = Lane()
    ann, *others = await lane.crowd("ann", "bob", "lee", ann=cancel)
    assert isinstance(ann, RuntimeError)
    assert others == right("bob", "lee")
    assert await lane.command("tim") == right("tim")[0]


async def test_a_group_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.storage.group_commit.GROUP_SECONDS", 0.0)
    lane = Lane()
    assert await lane.crowd("ann", "bob", "lee") == right("ann", "bob", "lee")
    assert lane.committed == [["first"], ["ann"], ["bob"], ["lee"]]


async def test_what_is_no_command_takes_its_turn_among_them() -> None:
    lane = Lane()
    asked = [asyncio.create_task(lane.command("first"))]
    await asyncio.sleep(0.01)

    async def event() -> None:
        async with lane.group_commit.turn("m1"):
            assert lane.committed == [["first"]]
            await asyncio.sleep(0.01)
            assert lane.committed == [["first"]]

    asked.append(asyncio.create_task(event()))  # type: ignore[arg-type]
    await asyncio.sleep(0.01)
    asked.append(asyncio.create_task(lane.command("ann")))
    lane.go.set()
    await asyncio.gather(*asked)
    assert lane.committed == [["first"], ["ann"]]
