"""How far a member of the group is: records behind, and whether what was there at its start is applied."""

import time
from collections.abc import Collection, Mapping
from typing import Any

from aiokafka import TopicPartition

from shared.consuming.partition import Partition
from shared.storage.database import Database


class Progress:
    """Measured every second; `moved` is when something was last applied, or nothing waited, by the monotonic clock."""

    def __init__(self, topics: Collection[str], database: Database) -> None:
        self._topics = topics
        self._database = database
        self._history: dict[TopicPartition, int] | None = None
        """What was there at the start and is not applied yet, up to which offset; it outlives assignments."""
        self.moved = time.monotonic()

    @property
    def caught_up(self) -> bool:
        """Whether everything that was there at the start has been applied."""
        return self._history is not None and not self._history

    def assigned(self, tps: Collection[TopicPartition]) -> None:
        """These partitions are ours, and no others: their history is not ours to apply any more."""
        if self._history:
            self._history = {tp: end for tp, end in self._history.items() if tp in tps}
        self.moved = time.monotonic()

    async def measure(self, client: Any, partitions: Mapping[TopicPartition, Partition]) -> int:
        """Records behind, over all partitions. `partitions` changes with each rebalance, also meanwhile."""
        if not partitions:  # more replicas than partitions: this one stands by
            known = [client.partitions_for_topic(topic) for topic in self._topics]
            self._history = {} if all(known) else None  # a topic that is missing is no history
            return 0
        for partition in [*partitions.values()]:  # where no record came that asked
            if partition.position is None:
                async with partition.lock:
                    if not partition.closed:
                        offset = await client.position(partition.tp)
                        await partition.resume(client, self._database, offset)
        ends: dict[TopicPartition, int] = await client.end_offsets([*partitions])
        still_ours = {tp: partition for tp in ends if (partition := partitions.get(tp))}
        if self._history is None:
            self._history = {tp: ends[tp] for tp in still_ours}
        behind = {p: await self._behind(client, p, ends[tp]) for tp, p in still_ours.items()}
        if not any(records for p, records in behind.items() if not p.stands):
            self.moved = time.monotonic()
        return sum(behind.values())

    async def _behind(self, client: Any, partition: Partition, end: int) -> int:
        last = -1 if partition.position is None else partition.position
        applied = max(partition.done, last + 1)
        position = applied if partition.is_busy else await client.position(partition.tp)
        # What an open transaction holds back is lag that is shown, and not ours to catch up with.
        partition.lag.measured(max(0, end - position, (partition.log_end(client) or 0) - position))
        if self._history and position >= self._history.get(partition.tp, 0):
            self._history.pop(partition.tp, None)
        return max(0, end - position)
