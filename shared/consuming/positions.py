"""Where a member of the group reads each partition: as MongoDB says, though Kafka's client has its own idea of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shared.consuming.deduplication import Deduplication
from shared.observability.logs import log


class Positions:
    """What was read in one era of a partition counts in no other: each rebalance and each way back begins one."""

    def __init__(self, inbox: Deduplication, client: Callable[[], Any]) -> None:
        self._inbox = inbox
        self._client = client
        self._handed_over: dict[TopicPartition, int] = {}  # up to here, of what is assigned
        self.eras: Counter[TopicPartition] = Counter()
        self.recreated: set[TopicPartition] = set()

    def handed_over(self, ends: Mapping[TopicPartition, int]) -> None:
        """Records before these offsets are in our hands."""
        self._handed_over.update(ends)

    async def resume(self, tp: TopicPartition, offset: int) -> bool:
        """On first sight of a partition go where the state says. False: the offset is not that place."""
        if tp in self._inbox.positions:
            return True
        era = self.eras[tp]
        position = await self._inbox.position(tp)
        if position >= 0 and (await self._client().end_offsets([tp]))[tp] <= position:
            # Behind an open transaction that end is not the log's.
            if not self.log_end(tp) or self.log_end(tp) > position:
                return False
            self.recreated.add(tp)
            log.error(
                "the topic is shorter than what was applied of it; was it made anew?",
                partition=str(tp),
            )
            return False
        if self.eras[tp] != era:
            return False  # it was lost meanwhile
        back = offset > position + 1  # skipped or compacted; or MongoDB was emptied or restored
        if back:
            self._client().seek(tp, position + 1)
            self._handed_over[tp] = position + 1
            self.eras[tp] += 1
        self._inbox.positions[tp] = position
        return not back

    def log_end(self, tp: TopicPartition) -> int:
        """Where the log ends, open transactions included, as the last fetch told; 0 if none did."""
        client = self._client()
        return (client.highwater(tp) or 0) if tp in client.assignment() else 0

    def forget(self, tp: TopicPartition) -> None:
        """The next records of it ask anew where to go on."""
        self._inbox.positions.pop(tp, None)

    def revoked(self, tps: Iterable[TopicPartition]) -> None:
        """Others read them from now on."""
        self.eras.update(tps)
        for tp in tps:
            self._handed_over.pop(tp, None)

    def fetch_again(self, tps: Iterable[TopicPartition]) -> None:
        """aiokafka failed, and may have let go of records that it had and did not hand over."""
        for tp in tps:
            if tp not in self._handed_over:
                self.forget(tp)
                continue
            with suppress(IllegalStateError):  # it is not assigned any more
                self._client().seek(tp, self._handed_over[tp])
