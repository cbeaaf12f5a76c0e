"""How long to pause between tries: longer after each failure, never exactly as long as others do."""

import asyncio
import random


class Backoff:
    """Pauses that grow from `first` seconds by `factor` to `longest`, each shortened at random by up to `jitter` of it.

    Jitter keeps those who failed together from trying again together.
    """

    def __init__(
        self, first: float, longest: float, *, factor: float = 2.0, jitter: float = 0.5
    ) -> None:
        self._first = first
        self._longest = longest
        self._factor = factor
        self._jitter = jitter
        self._next = first

    def pause(self) -> float:
        """Seconds to wait before the next try; the pause after it is longer."""
        whole, self._next = self._next, min(self._next * self._factor, self._longest)
        return whole * random.uniform(1 - self._jitter, 1)  # noqa: S311

    def reset(self) -> None:
        """It went well: the next failure is a first one again."""
        self._next = self._first

    async def wait(self) -> None:
        await asyncio.sleep(self.pause())
