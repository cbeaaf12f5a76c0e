"""A batch is applied in pieces: no longer than a transaction may be, and cut around an event that fails."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager

from aiokafka import TopicPartition

from shared.database import is_outage
from shared.dead_letters import fingerprint
from shared.delivery import Delivery, is_final
from shared.errors import Busy
from shared.inbox import Failed, Fenced

TRIES = 3
BUSY_TRIES = 10
FIRST_SIZE = 64  # events of the first transaction
LONG_SECONDS = 1.0  # mongod ends a transaction after 5 s (transactionLifetimeLimitSeconds)

Apply = Callable[[TopicPartition, Sequence[Delivery]], Awaitable[None]]


class Pieces:
    """Applies batches, and learns how many events make a short transaction."""

    def __init__(self, apply: Apply, most: int) -> None:
        self.moved = 0.0  # when a piece was last applied, by the monotonic clock
        self.tried = 0.0  # when one was last begun or ended: a slow event is no standstill
        self._apply = apply
        self._most = most
        self._size = FIRST_SIZE

    async def settle(
        self, tp: TopicPartition, batch: Sequence[Delivery], still_mine: Callable[[], bool]
    ) -> None:
        """Apply a batch in order. An event that fails alone, again and again, is set aside.

        Raises Fenced when the partition is lost, and whatever says that MongoDB is away.
        """
        work: deque[Sequence[Delivery]] = deque([batch])
        doomed: set[str] = (
            set()
        )  # failures that came back at every try: their like is parked at once
        tries = 0
        while work:
            if not still_mine():
                raise Fenced(f"{tp} was revoked")
            piece = work.popleft()
            if len(piece) > self._size:
                work.extendleft([piece[self._size :], piece[: self._size]])
                continue
            try:
                with self._paced(len(piece)):
                    await self._apply(tp, piece)
                tries = 0
                continue
            except Fenced:
                raise
            except Exception as error:
                if is_outage(error):
                    raise
                trouble = error
            if parts := _cut(piece, trouble):
                work.extendleft(reversed(parts))
                continue
            if piece[0].trouble:
                raise trouble  # it cannot even be set aside: that is told, and tried again with a pause
            cause = trouble.error if isinstance(trouble, Failed) else trouble
            kind = fingerprint(repr(cause))
            tries += 1
            most = BUSY_TRIES if isinstance(cause, Busy) else TRIES
            if is_final(cause) or tries >= most or kind in doomed:
                doomed.add(kind)
                piece[0].set_aside(cause)
            else:
                await asyncio.sleep(0.1 * 4 ** min(tries, 3) * random.uniform(0.5, 1))  # noqa: S311
            work.appendleft(piece)

    @contextmanager
    def _paced(self, events: int) -> Generator[None, None, None]:
        began = self.tried = time.monotonic()
        try:
            yield
            self.moved = time.monotonic()
        except Failed as failure:
            events = failure.at or 1  # those that had their turn
            raise
        finally:
            self.tried = time.monotonic()
            self._learn(events, self.tried - began)

    def _learn(self, events: int, seconds: float) -> None:
        """How many events fit into a transaction; only one that was full can say that more do."""
        fit = max(1, int(events * LONG_SECONDS / max(seconds, 0.001)))
        if seconds > LONG_SECONDS:
            self._size = min(self._size, fit)
        elif events >= self._size:
            self._size = min(self._most, self._size * 2, fit)


def _cut(piece: Sequence[Delivery], trouble: Exception) -> list[Sequence[Delivery]]:
    """Before, the event to blame, after; halves where nobody can be blamed; nothing of a single event."""
    if len(piece) == 1:
        return []
    if isinstance(trouble, Failed):
        at = trouble.at
        return [part for part in (piece[:at], piece[at : at + 1], piece[at + 1 :]) if part]
    middle = len(piece) // 2
    return [piece[:middle], piece[middle:]]
