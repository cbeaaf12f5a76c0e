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
from shared.types.limits import COMMANDS_WAITING, GROUP_COMMANDS, GROUP_SECONDS

T = TypeVar("T")
Work = Callable[[Transaction], Coroutine[Any, Any, T]]
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
        self.alone = False  # it is to have a transaction of its own

    async def run(self, tx: Transaction) -> Any:
        return await asyncio.create_task(self.work(tx), context=self.context)


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

    def forget_answered(self) -> None:
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

    async def run(self, lane_key: str, work: Work[T], origin: Origin) -> T:
        """Run one command, in turn with those of the same key: an aggregate's id. Raises Busy when too many wait, and whatever `work` raises."""
        if self._waiting >= COMMANDS_WAITING:
            raise Busy("Too many requests wait for their turn. Try again in a few seconds.")
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
                    lane.forget_answered()  # who was called off while waiting never begins
                    if lane.commands:
                        await self._answer(lane.next())
                    lane.forget_answered()
        finally:
            for command in lane.commands:  # the process ends
                command.answer.cancel()
            self._leave(lane_key, lane)

    async def _answer(self, group: list[_Command]) -> None:
        """Commit what the next commands do, and answer those who got through."""
        if len(group) == 1:
            await self.answer_one(group[0])
        else:
            await self.answer_all(group)

    async def answer_one(self, command: _Command) -> None:
        try:
            result = await self._transact(command.run, command.origin)
        except Exception as error:
            _fail(command, error)
        else:
            COMMANDS_PER_COMMIT.observe(1)
            _succeed(command, result)

    async def answer_all(self, commands: list[_Command]) -> None:
        group = Group(commands)
        try:
            await self._transact(group.run, commands[0].origin)
        except _CannotBeDropped:
            return  # the one that leaks runs alone, the others again
        except Exception as error:
            for command in commands:
                command.alone = True
                if is_outage(error) or isinstance(error, Busy):  # so it would be for each of them
                    _fail(command, error)
            return
        if committed := sum(failure is None for _, _, failure in group.outcomes):
            COMMANDS_PER_COMMIT.observe(committed)
        for command, result, failure in group.outcomes:
            if failure:
                _fail(command, failure)
            else:
                _succeed(command, result)


class Group:
    """Commands in one transaction, and what came of each: a result or a failure, to be told after the commit."""

    def __init__(self, commands: list[_Command]) -> None:
        self._commands = commands
        self.outcomes: list[tuple[_Command, Any, Exception | None]] = []

    async def run(self, tx: Transaction) -> None:
        """One after the other, each seeing what the earlier ones did. A conflict runs all of them again."""
        self.outcomes.clear()
        until = monotonic() + GROUP_SECONDS
        for command in self._commands:
            if command.answer.done():  # it was called off
                continue
            self.outcomes.append((command, *await self.outcome(command, tx)))
            if monotonic() > until:
                break

    async def outcome(self, command: _Command, tx: Transaction) -> tuple[Any, Exception | None]:
        part = tx.part(command.origin)
        try:
            result = await command.run(part)
        except PyMongoError:  # the transaction is over, or has to be
            raise
        except Exception as failure:  # a rule's refusal, as a rule
            if part.sent:
                command.alone = True
                raise _CannotBeDropped from failure
            return None, failure
        tx.absorb(part)
        return result, None


def _succeed(command: _Command, result: object) -> None:
    if not command.answer.done():
        command.answer.set_result(result)


def _fail(command: _Command, error: Exception) -> None:
    if not command.answer.done():
        command.answer.set_exception(error)
