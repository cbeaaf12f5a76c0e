"""Load that flows through all services, and remembers every acknowledgement."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count

from pymongo.errors import PyMongoError

from tests.faults.client import Person, Refused, command
from tests.faults.elsewhere import Elsewhere
from tests.faults.field import SAMPLE, Field
from tests.faults.model import Model
from tests.faults.stories import Storyteller
from tests.kernel.sample import MOST
from tests.kernel.world import until

BEARABLE = 200  # events
TYPE = {
    "name": "Leads",
    "purpose": "To share what works.",
    "charter": "We speak for ourselves.",
    "agreement": "I agree.",
}


class Load:
    """Several people at a time, each going from story to story until told to stop."""

    def __init__(self, field: Field, seed: int, pause: float = 0.1) -> None:
        self.field = field
        self.model = Model()
        self._dice = random.Random(seed)
        self._pause = pause
        self._stop = asyncio.Event()
        self._numbers = count(1)
        self._bearable = asyncio.Event()
        self._bearable.set()
        self._tasks: list[asyncio.Task[None]] = []

    async def prepare(self) -> None:
        """The community type that every story needs."""
        operator = Person(self.field, self.model, "operator", "copse:operator")
        await operator.does("PUT", "membership", "/community-types/leads", TYPE)

    def start(self, stories: int = 6, accounts: int = 4) -> None:
        """Begin; `stop` waits until everything that was asked is answered."""
        storyteller = Storyteller(self.field, self.model, self._rest)
        elsewhere = Elsewhere(self.field, self.model, self._dice)
        work: list[Callable[[int], Awaitable[None]]] = [
            *[storyteller.tell] * stories,
            *[self._account] * accounts,
        ]
        self._tasks = [asyncio.create_task(self._go_on(one, at)) for at, one in enumerate(work)]
        self._tasks.append(asyncio.create_task(elsewhere.publish(self._stop, self._rest)))
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> Model:
        self._stop.set()
        self._bearable.set()
        await asyncio.gather(*self._tasks)
        return self.model

    async def acknowledged(self, more: int, seconds: float = 90) -> None:
        """Wait until so many more events were."""
        before = self.model.events

        async def enough() -> bool:
            return self.model.events >= before + more

        await until(enough, seconds=seconds)

    async def abandon(self) -> None:
        """End at once, whatever is under way."""
        ending = [*self._tasks, self._watching]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _go_on(self, work: Callable[[int], Awaitable[None]], at: int) -> None:
        while not self._stop.is_set():
            with suppress(Refused):  # it is in the model, and fails the run
                await work(at)

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), self._dice.uniform(0, 2 * self._pause))
        await self._bearable.wait()

    async def _watch(self) -> None:
        """More than the machine can bear only makes every recovery long: wait while the sample is far behind."""
        while not self._stop.is_set():
            with suppress(PyMongoError):
                found = self.field.database(SAMPLE).watermarks.find({}, {"offset": 1})
                applied = sum([one["offset"] + 1 async for one in found])
                behind = self.model.to_the_sample - applied
                bearable = behind < BEARABLE or self._stop.is_set()
                (self._bearable.set if bearable else self._bearable.clear)()
            await asyncio.sleep(0.5)

    async def _account(self, _: int) -> None:
        """Deposits into a new account of the sample, some one by one, some side by side."""
        account = f"a{next(self._numbers)}"

        route = ("POST", SAMPLE, f"/accounts/{account}/deposits")

        async def deposit(amount: int) -> None:
            await command(self.field, self.model, route, {"amount": amount})
            self.model.deposits[account].append(amount)

        async def too_much() -> None:
            body = {"amount": MOST + 1}
            await command(self.field, self.model, route, body, refused="too-much")

        for first in range(1000, 1080, 8):
            if self._stop.is_set():
                return
            await deposit(first)
            crowd = [deposit(first + n) for n in range(1, 8)]
            await asyncio.gather(*crowd[:3], too_much(), *crowd[3:], too_much())
            await self._rest()
