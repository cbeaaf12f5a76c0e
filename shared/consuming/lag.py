"""How far behind a member is, in records and in seconds; the metrics of it live as long as a partition is its own."""

import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from aiokafka import TopicPartition

from shared.observability.metrics import LAG, LAG_SECONDS

SURE_SECONDS = 5.0  # for so long what was measured is taken to hold


class Lag:
    """Knows up to which moment each partition is applied. Until Kafka can be asked again, something may wait."""

    def __init__(self) -> None:
        self._applied_to: dict[TopicPartition, float] = {}  # seconds since 1970
        self._waits: set[TopicPartition] = set()

    def assigned(self, mine: Iterable[TopicPartition]) -> None:
        """These partitions are ours, and no others; what they hold is not known yet."""
        self._waits.clear()
        self._applied_to = dict.fromkeys(mine, time.time())
        for metric in (LAG, LAG_SECONDS):
            metric.clear()  # a consumer that was given up may have left some
        for tp in self._applied_to:
            age = partial(self.seconds, tp)
            LAG_SECONDS.labels(tp.topic, tp.partition).set_function(age)

    def revoked(self, tp: TopicPartition) -> None:
        """A partition is another's now."""
        self._applied_to.pop(tp, None)
        self._waits.discard(tp)
        for metric in (LAG, LAG_SECONDS):
            with suppress(KeyError):
                metric.remove(tp.topic, str(tp.partition))

    def taken(self, tp: TopicPartition, published_ms: int) -> None:
        """The oldest record in hand was published then; all before it are applied."""
        if tp in self._applied_to:
            self._waits.add(tp)
            self.applied(tp, published_ms)

    def applied(self, tp: TopicPartition, published_ms: int) -> None:
        """The newest record in hand is applied; more may wait."""
        if tp in self._applied_to and published_ms > 0:
            self._applied_to[tp] = min(published_ms / 1000, time.time())  # clocks differ

    def measured(self, tp: TopicPartition, records: int) -> None:
        """So many records are there that are not applied."""
        if tp not in self._applied_to:
            return  # it was revoked while Kafka was asked
        LAG.labels(tp.topic, tp.partition).set(records)
        if records:
            self._waits.add(tp)
        else:
            self._waits.discard(tp)
            self._applied_to[tp] = time.time()

    def seconds(self, tp: TopicPartition) -> float:
        """Age of the oldest record that is not applied, at most; 0 when nothing waits."""
        age = time.time() - self._applied_to.get(tp, time.time())
        return max(age, 0.0) if tp in self._waits or age > SURE_SECONDS else 0.0
