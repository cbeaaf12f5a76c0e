"""A batch is applied in pieces: no longer than a transaction may be, and cut around an event that fails."""

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager

from aiokafka import TopicPartition

from shared.consuming.deduplication import Failed, Fenced
from shared.consuming.parked import fingerprint
from shared.consuming.record import Record, is_final
from shared.errors import Busy, TookTooLong
from shared.storage.database import is_outage

TRIES = 3
BUSY_TRIES = 10
FIRST_SIZE = 64  # events of the first transaction
LONG_SECONDS = 1.0  # mongod ends a transaction after 5 s (transactionLifetimeLimitSeconds)

Apply = Callable[[TopicPartition, Sequence[Record]], Awaitable[None]]


class Pace:
    """How many events of a topic, of those that somebody listens to, make a transaction that is not long."""

    def __init__(self, most: int) -> None:
        self.size = min(FIRST_SIZE, most)
        self._most = most

    def learn(self, events: int, seconds: float) -> None:
        """So many took so long; only a full transaction can say that there may be more."""
        if not events:
            return
        fit = int(events * LONG_SECONDS / max(seconds, 0.001))
        if seconds > LONG_SECONDS:
            self.size = max(1, min(self.size, fit))
        elif events >= self.size:
            # One more at least: where a commit takes nearly as long, one event would say that one fits.
            self.size = min(self._most, max(self.size + 1, min(self.size * 2, fit)))


class Batching:
    """Applies batches, piece by piece."""

    def __init__(self, apply: Apply, most: int) -> None:
        self.moved = 0.0  # when a piece was last applied, by the monotonic clock
        self.tried = 0.0  # when one was last begun or ended: a slow event is no standstill
        self._apply = apply
        self._paces: defaultdict[str, Pace] = defaultdict(lambda: Pace(most))

    async def settle(
        self, tp: TopicPartition, batch: Sequence[Record], still_mine: Callable[[], bool]
    ) -> None:
        """Apply a batch in order. An event that fails alone, again and again, is set aside.

        Raises Fenced when the partition is lost, and whatever says that MongoDB is away.
        """
        work: deque[Sequence[Record]] = deque([batch])
        pace = self._paces[tp.topic]
        doomed: set[str] = (
            set()
        )  # failures that came back at every try: their like is parked at once
        tries = 0
        while work:
            if not still_mine():
                raise Fenced(f"{tp} was revoked")
            piece, rest = _head(work.popleft(), pace.size)
            if rest:
                work.appendleft(rest)
            try:
                with self._paced(pace, piece):
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
    def _paced(self, pace: Pace, piece: Sequence[Record]) -> Generator[None, None, None]:
        """Learn from a piece; not from an outage, or a partition that was lost."""
        began = self.tried = time.monotonic()
        wanted = [one.offset for one in piece if one.envelope]  # the others cost nothing
        try:
            yield
            self.moved = time.monotonic()
            pace.learn(len(wanted), self.moved - began)
        except Failed as failure:
            out_of_time = isinstance(failure.error, TookTooLong)
            ends = failure.offset if out_of_time else failure.offset + 1
            pace.learn(sum(offset < ends for offset in wanted), time.monotonic() - began)
            raise
        except TookTooLong:
            pace.learn(len(wanted), time.monotonic() - began)
            raise
        finally:
            self.tried = time.monotonic()


def _head(batch: Sequence[Record], size: int) -> tuple[Sequence[Record], Sequence[Record]]:
    """As many deliveries as hold so many events that somebody listens to, and the rest."""
    wanted = [at for at, one in enumerate(batch) if one.envelope]
    if len(wanted) <= size:
        return batch, ()
    return batch[: wanted[size]], batch[wanted[size] :]


def _cut(piece: Sequence[Record], trouble: Exception) -> list[Sequence[Record]]:
    """Before, the event to blame, after; halves where nobody can be blamed; nothing of a single event."""
    if len(piece) == 1:
        return []
    if isinstance(trouble, Failed):
        before = [one for one in piece if one.offset < trouble.offset]
        blamed = [one for one in piece if one.offset == trouble.offset]
        after = [one for one in piece if one.offset > trouble.offset]
        return [part for part in (before, blamed, after) if part]
    middle = len(piece) // 2
    return [piece[:middle], piece[middle:]]
