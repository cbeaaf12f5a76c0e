"""A batch is applied piece by piece: as much as fits into a transaction, and cut around an event that fails."""

import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from shared.backoff import Backoff
from shared.consuming.applying import Applied, Failed, Fenced
from shared.consuming.brake import Brake
from shared.consuming.parked import fingerprint
from shared.consuming.partition import Batch, Partition
from shared.consuming.record import Record, is_final
from shared.errors import Busy
from shared.storage.failures import is_outage

TRIES = 3
BUSY_TRIES = 10

Apply = Callable[[Partition, Sequence[Record]], Awaitable[Applied]]


class Batching:
    """Applies batches, in order. An event that fails alone, again and again, is set aside.

    `max_failure_share` of a topic's newest events may fail unforeseen before the topic stands (`brake.py`).
    """

    def __init__(self, apply: Apply, max_failure_share: float) -> None:
        self.moved = 0.0  # when records were last applied, by the monotonic clock
        self.tried = 0.0  # when a transaction last began or ended: a slow event is no standstill
        self._apply = apply
        self._brakes: dict[str, Brake] = {}
        self._max_failure_share = max_failure_share

    async def settle(self, batch: Batch) -> None:
        """Apply a batch. Raises Fenced when it does not count any more, Braked, and whatever says that MongoDB is away."""
        brake = self._brake(batch.partition.tp.topic)
        work: deque[Sequence[Record]] = deque([batch.records])
        tries = Tries(brake)
        while work:
            if not batch.counts:
                raise Fenced(f"{batch.partition} was revoked")
            piece = work.popleft()
            try:
                applied = await self._timed(batch.partition, piece)
            except Fenced:
                raise
            except Exception as error:
                if is_outage(error):
                    raise
                parts = _cut(piece, error)
                if not parts:
                    await tries.failed(piece[0], error)
                work.extendleft(reversed(parts or [piece]))
            else:
                tries.succeeded(applied.handled)
                if applied.records < len(piece):
                    work.appendleft(piece[applied.records :])

    def _brake(self, topic: str) -> Brake:
        return self._brakes.setdefault(topic, Brake(topic, self._max_failure_share))

    async def _timed(self, partition: Partition, piece: Sequence[Record]) -> Applied:
        self.tried = time.monotonic()
        try:
            applied = await self._apply(partition, piece)
            self.moved = time.monotonic()
            return applied
        finally:
            self.tried = time.monotonic()


class Tries:
    """How often an event that fails alone was tried, while a batch is applied."""

    def __init__(self, brake: Brake) -> None:
        self._brake = brake
        self._doomed: set[str] = set()
        """Failures that came back at every try: their like is parked at once."""
        self._count = 0
        self._backoff = Backoff(0.4, 6.4, factor=4)

    def succeeded(self, handled: int) -> None:
        """A transaction is committed in which so many events took effect."""
        self._brake.handled(handled)
        self._count = 0
        self._backoff.reset()

    async def failed(self, record: Record, error: Exception) -> None:
        """Wait until it may be tried again, or have it set aside at the next try. Raises Braked."""
        if record.failure_reason:
            raise error  # it cannot even be set aside: that is told, and tried again with a pause
        cause = error.error if isinstance(error, Failed) else error
        failure = fingerprint(repr(cause))
        self._count += 1
        most = BUSY_TRIES if isinstance(cause, Busy) else TRIES
        if is_final(cause) or self._count >= most or failure in self._doomed:
            self._brake.require_room(cause)
            self._doomed.add(failure)
            record.set_aside(cause)
        else:
            await self._backoff.wait()


def _cut(piece: Sequence[Record], failure: Exception) -> list[Sequence[Record]]:
    """Before, the event to blame, after; halves where nobody can be blamed; nothing of a single event."""
    if len(piece) == 1:
        return []
    if isinstance(failure, Failed):
        before = [record for record in piece if record.offset < failure.offset]
        blamed = [record for record in piece if record.offset == failure.offset]
        after = [record for record in piece if record.offset > failure.offset]
        return [part for part in (before, blamed, after) if part]
    middle = len(piece) // 2
    return [piece[:middle], piece[middle:]]
