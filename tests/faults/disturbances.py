"""What goes wrong: each disturbance is done, mended, and its recovery measured."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local.parts import Part
from deploy.local.processes import CannotStart, Process, birth
from tests.faults.field import Field
from tests.kernel.world import until

OUT_OF_REACH = "a service kills it by its pid, for which a container asks to be root on its machine"
SESSION_TIMEOUT = 6.0  # of a member of a consumer group (shared.consuming.consumer)


@dataclass
class Tally:
    """What was done, how often it came to what it should, and how long recoveries took."""

    faults: Counter[str] = field(default_factory=Counter[str])
    hits: Counter[str] = field(default_factory=Counter[str])
    missed: Counter[str] = field(default_factory=Counter[str])
    kills: Counter[str] = field(default_factory=Counter[str])
    recoveries: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    wrong: list[str] = field(default_factory=list[str])


Disturbance = Callable[["Chaos"], Awaitable[None]]


class Chaos:
    """Does one thing to a field at a time, and puts it right again."""

    def __init__(self, at: Field, seed: int, tell: Callable[[str], None] = lambda _: None) -> None:
        self.field = at
        self.tally = Tally()
        self.dice = random.Random(seed)
        self._tell = tell

    async def do(self, name: str, disturbance: Disturbance, *, hurry: bool = False) -> None:
        """One disturbance; then, unless in a hurry for the next, wait until everything is well again."""
        began = time.monotonic()
        await disturbance(self)
        self.tally.faults[name.partition(",")[0]] += 1
        mended = time.monotonic()
        await self.mend()
        if hurry:
            self._tell(f"{name}: {mended - began:.1f} s, and on")
            return
        try:
            await self.field.caught_up()
        except AssertionError as error:
            self.tally.wrong.append(f"no recovery from {name}: {error}")
            self._tell(self.tally.wrong[-1])
            return
        took = time.monotonic() - mended
        self.tally.recoveries.append((took, name))
        self._tell(f"{name}: {mended - began:.1f} s, well again after {took:.1f} s")

    async def mend(self) -> None:
        """Start what is dead, the parts first, as a supervisor does."""
        for part in self.field.parts.processes:
            if not part.alive:
                await _start(part)
        await self.field.restart_the_dead()

    # kill -9

    async def kill(self, process: Part) -> None:
        await asyncio.to_thread(process.kill)
        self.tally.kills[process.name.partition("-")[0]] += 1

    def killing(self, service: str) -> Disturbance:
        """Kill any of a service's replicas, wherever it is."""

        async def disturb(_: "Chaos") -> None:
            if living := self.field.living(service):
                await self.kill(self.dice.choice(living).process)

        return disturb

    def killing_part(self, part: Part) -> Disturbance:
        async def disturb(_: "Chaos") -> None:
            await self.kill(part)

        return disturb

    def at(
        self,
        point: str,
        service: str,
        *,
        victim: str = "",
        how: str = "SIGKILL",
        patience: float = 20,
    ) -> Disturbance:
        """At a crash point of a service, perhaps the third time, a process is sent a signal: itself or a part."""

        async def disturb(_: "Chaos") -> None:
            before = len(self.field.carried_out(service))
            pid = self.pid_of_part(victim) if victim else 0
            # Were all stopped, nobody could take over.
            to = [self.dice.choice(self.field.living(service))] if how == "SIGSTOP" else []
            self.field.order(service, f"{point} {self.dice.randint(1, 3)} {how} {pid}", to)
            try:
                await until(_more(self.field, service, before), seconds=patience, every=0.05)
            except AssertionError:
                self.tally.missed[point] += 1
            finally:
                self.field.order(service, "")
            done = self.field.carried_out(service)[before:]
            for line in done:
                self.tally.hits[line.split()[0]] += 1
            if how == "SIGKILL":
                self.tally.kills[victim or service] += len(done)
                for line in done:  # it is written before the deed
                    await until(_gone(pid or int(line.split()[2])), seconds=30, every=0.02)
                # At once: whom the same round is to reach elsewhere lives on what this one says.
                await self.field.restart_the_dead([service])
            if how == "SIGSTOP" and done:
                await self._resume_later(done)

        return disturb

    async def _resume_later(self, done: list[str]) -> None:
        """When others have taken over, and finished what it had in hand: it must not do so again."""
        stopped = {int(line.split()[2]) for line in done}
        await asyncio.sleep(SESSION_TIMEOUT)  # it is time itself that is waited for
        try:
            await self.field.applied(60)
        except AssertionError as error:
            self.tally.wrong.append(f"while a member was stopped: {error}")
        for one in self.field.everybody:
            if one.process.alive and self.field.pid(one.name) in stopped:
                one.process.resume()

    def together(self, *disturbances: Disturbance) -> Disturbance:
        """Side by side."""

        async def disturb(_: "Chaos") -> None:
            await asyncio.gather(*(one(self) for one in disturbances))

        return disturb

    def pid_of_part(self, name: str) -> int:
        """Where a service sends its signal; LookupError where that does not reach."""
        [part] = [part for part in self.field.parts.processes if part.name == name]
        if part.pid is None:
            raise LookupError(f"{name}: {OUT_OF_REACH}")
        return part.pid

    # away for a while

    def without(self, part: Part, seconds: float, *, paused: bool = False) -> Disturbance:
        """A part is stopped, or paused: then connections stay, and nobody answers."""

        async def disturb(_: "Chaos") -> None:
            if paused:
                part.pause()
                await asyncio.sleep(seconds)
                part.resume()
                return
            await asyncio.to_thread(part.stop, 1.0)
            await asyncio.sleep(seconds)
            await _start(part)

        return disturb

    async def step_down(self, _: "Chaos") -> None:
        """The primary gives up its office for a second, with transactions in its hands, and is elected again."""

        def ask() -> None:
            with (
                suppress(PyMongoError),  # it may cut the line before it answers
                MongoClient[dict[str, Any]](
                    self.field.parts.mongo, directConnection=True
                ) as client,
            ):
                client.admin.command("replSetStepDown", 2, force=True)

        await asyncio.to_thread(ask)
        await asyncio.to_thread(self.field.parts.mongo_process.wait_until_ready)

    # members come and go

    def members(self, service: str, seconds: float = 5) -> Disturbance:
        """One, three, two: a member more or less every few seconds. Who is asked to go goes in time, with 0."""

        async def disturb(_: "Chaos") -> None:
            first, second, *_ = self.field.replicas[service]
            await self._leave(second.process)
            await asyncio.sleep(seconds)
            self.field.add(service)
            await asyncio.to_thread(second.process.spawn)
            await asyncio.sleep(seconds)
            await self._leave(first.process)
            self.field.replicas[service].remove(first)
            await asyncio.sleep(seconds)

        return disturb

    async def _leave(self, process: Process) -> None:
        code = await asyncio.to_thread(process.stop, 40)
        if code != 0:
            self.tally.wrong.append(f"{process.name} was asked to go, and ended with {code}")


async def _start(part: Part) -> None:
    """Again and again: a part that was just killed may need its port or its lock freed."""
    for last in (False, False, True):
        try:
            await asyncio.to_thread(part.start)
            return
        except CannotStart:
            if last:
                raise
            await asyncio.sleep(1)


def _gone(pid: int) -> Callable[[], Awaitable[bool]]:
    async def the_victim_is_gone() -> bool:
        return birth(pid) is None

    return the_victim_is_gone


def _more(at: Field, service: str, before: int) -> Callable[[], Awaitable[bool]]:
    async def an_order_was_carried_out() -> bool:
        return len(at.carried_out(service)) > before

    return an_order_was_carried_out
