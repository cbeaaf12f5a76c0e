"""Group commit: commands on one aggregate that wait for each other share the next transaction, one after the other."""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import takewhile
from time import monotonic
from typing import Any, TypeVar, cast

from pymongo.errors import PyMongoError

from shared.errors import Busy
from shared.events.cloudevents import Origin
from shared.observability.metrics import COMMANDS_PER_COMMIT
from shared.storage.failures import is_outage
from shared.storage.unit_of_work import Transaction
from shared.types.limits import (
    COMMANDS_WAITING,
    COMMANDS_WAITING_TOGETHER,
    GROUP_COMMANDS,
    GROUP_SECONDS,
    LONGEST_TURN_SECONDS,
)

T = TypeVar("T")
Work = Callable[[Transaction], Coroutine[Any, Any, T]]
TOO_MANY = "Too many requests wait for their turn. Try again in a few seconds."
Transact = Callable[[Callable[[Transaction], Awaitable[Any]], Origin], Awaitable[Any]]


class _CannotBeDropped(Exception):
    """A command was refused after it had sent writes: only an abort takes them back."""


class _Command:
    """A command that waits: its work, which runs in the context it came with, and its answer."""

    def __init__(self, work: Work[Any], origin: Origin) -> None:
        self.work = work
        self.origin = origin
        self.context = contextvars.copy_context()
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.came_at = monotonic()
        self.alone = False  # it is to have a transaction of its own

    async def run(self, tx: Transaction) -> Any:
        running = asyncio.create_task(self.work(tx), context=self.context)
        await asyncio.wait([running])
        if running.cancelled():  # from within: it is no reason to call off those who wait
            raise RuntimeError("the command was cancelled")
        return running.result()

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def succeed(self, result: object) -> None:
        if not self.answer.done():
            self.answer.set_result(result)


class _Lane:
    """Those who wait to change one thing, in the order they came."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()  # asyncio's is fair: who waits longest is next
        self.commands: list[_Command] = []
        self.users = 0

    def next(self) -> list[_Command]:
        """The first to come, and those behind it that may share its transaction."""
        first, *others = self.commands
        if first.alone:
            return [first]
        return [first, *takewhile(lambda one: not one.alone, others[: GROUP_COMMANDS - 1])]

    def tidy(self) -> None:
        """Who was answered, or called off, goes; who waited too long is sent away."""
        for one in self.commands:
            if monotonic() - one.came_at > LONGEST_TURN_SECONDS:
                one.fail(Busy(TOO_MANY))
        self.commands = [one for one in self.commands if not one.answer.done()]


class GroupCommit:
    """Runs commands on an aggregate in turn. While one transaction is under way, the commands that come wait; then they
    run one after the other in one transaction, each seeing what the earlier ones did, and are answered after its commit.

    Who is refused leaves nothing. A group that cannot be committed is taken apart: each then runs by itself.
    """

    def __init__(self, transact: Transact) -> None:
        self._transact = transact
        self._lanes: dict[str, _Lane] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._waiting = 0

    def require_room(self, lane_key: str | None) -> None:
        """Raise Busy where too many wait already, on the whole or for one lane."""
        lane = self._lanes.get(lane_key) if lane_key else None
        here = len(lane.commands) if lane else 0
        if self._waiting >= COMMANDS_WAITING or here >= COMMANDS_WAITING_TOGETHER:
            raise Busy(TOO_MANY)

    async def run(self, lane_key: str, work: Work[T], origin: Origin) -> T:
        """Run one command, in turn with those of the same key: an aggregate's id. Raises Busy when too many wait, and whatever `work` raises."""
        self.require_room(lane_key)
        command = _Command(work, origin)
        lane = self._lanes.setdefault(lane_key, _Lane())
        lane.commands.append(command)
        if len(lane.commands) == 1:
            lane.users += 1
            # A task of nobody's: a client that goes away must not end what others wait for.
            drain = self._drain(lane_key, lane)
            running = asyncio.create_task(drain, context=contextvars.Context())
            self._running.add(running)
            running.add_done_callback(self._running.discard)
        self._waiting += 1
        try:
            return cast("T", await command.answer)
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def turn(self, lane_key: str | None) -> AsyncGenerator[None, None]:
        """Keep an aggregate's commands waiting meanwhile, in turn with them; nothing to wait for without one."""
        if lane_key is None:
            yield
            return
        lane = self._lanes.setdefault(lane_key, _Lane())
        lane.users += 1
        try:
            async with lane.turn:
                yield
        finally:
            self._leave(lane_key, lane)

    def _leave(self, lane_key: str, lane: _Lane) -> None:
        lane.users -= 1
        if not lane.users:
            del self._lanes[lane_key]

    async def _drain(self, lane_key: str, lane: _Lane) -> None:
        try:
            while lane.commands:
                async with lane.turn:
                    lane.tidy()
                    if lane.commands:
                        await self._answer(lane)
                    lane.tidy()
        finally:
            waiting, lane.commands = lane.commands, []
            for command in waiting:  # the process ends
                command.answer.cancel()
            self._leave(lane_key, lane)

    async def _answer(self, lane: _Lane) -> None:
        """Commit what the next commands do, and answer those who got through."""
        group = lane.next()
        try:
            await (self.answer_one(group[0]) if len(group) == 1 else self.answer_all(group))
        except Exception as error:
            if not is_outage(error):
                raise
            for command in lane.commands:  # each of them would wait for MongoDB as long
                command.fail(error)

    async def answer_one(self, command: _Command) -> None:
        """Commit one command. Raises only what MongoDB's absence raises."""
        try:
            result = await self._transact(command.run, command.origin)
        except Exception as error:
            command.fail(error)
            if is_outage(error):
                raise
        else:
            COMMANDS_PER_COMMIT.observe(1)
            command.succeed(result)

    async def answer_all(self, commands: list[_Command]) -> None:
        """Commit several, or leave to each a transaction of its own. Raises only what MongoDB's absence raises."""
        group = Group(commands)
        try:
            await self._transact(group.run, commands[0].origin)
        except _CannotBeDropped:
            return  # the one that cannot runs alone, the others again
        except Busy as error:  # by then the group is down to the first
            commands[0].fail(error)
            return
        except Exception as error:
            if is_outage(error):
                raise
            for command in commands:
                command.alone = True
            return
        if committed := sum(failure is None for _, _, failure in group.outcomes):
            COMMANDS_PER_COMMIT.observe(committed)
        for command, result, failure in group.outcomes:
            if failure:
                command.fail(failure)
            else:
                command.succeed(result)


class Group:
    """Commands in one transaction, and what came of each: a result or a failure, to be told after the commit."""

    def __init__(self, commands: list[_Command]) -> None:
        self._commands = commands
        self._most = len(commands)
        self.outcomes: list[tuple[_Command, Any, Exception | None]] = []

    async def run(self, tx: Transaction) -> None:
        """One after the other, each seeing what the earlier ones did.

        After a conflict half as many: a long transaction loses to each shorter one. The others come next.
        """
        self.outcomes.clear()
        until = monotonic() + GROUP_SECONDS
        for command in self._commands:
            if command.answer.done():  # it was called off
                continue
            self.outcomes.append((command, *await self.outcome(command, tx)))
            if len(self.outcomes) == self._most or monotonic() > until:
                break
        self._most = max(1, self._most // 2)

    async def outcome(self, command: _Command, tx: Transaction) -> tuple[Any, Exception | None]:
        part = tx.part(command.origin)
        try:
            result = await command.run(part)
        except PyMongoError:  # the transaction is over, or has to be
            raise
        except Exception as failure:  # a rule's refusal, as a rule
            if tx.failed:  # it is somebody else's write that cannot be kept
                raise
            if part.sent:
                command.alone = True
                raise _CannotBeDropped from failure
            return None, failure
        tx.absorb(part)
        return result, None
