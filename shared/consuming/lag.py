"""How far behind a partition is, in records and in seconds; shown for as long as it is ours."""

import time
from contextlib import suppress

from aiokafka import TopicPartition

from shared.observability.metrics import LAG, LAG_SECONDS

SURE_SECONDS = 5.0  # for so long what was measured is taken to hold


class Lag:
    """Knows up to which moment a partition is applied. Until Kafka can be asked again, something may wait."""

    def __init__(self, tp: TopicPartition) -> None:
        self._tp = tp
        self._applied_to = time.time()  # seconds since 1970
        self._waits = False
        self._closed = False

    def show(self) -> None:
        """Let a scrape read it from now on."""
        LAG_SECONDS.labels(*self._tp).set_function(self.seconds)

    def close(self) -> None:
        """The partition is another's now."""
        self._closed = True
        for metric in (LAG, LAG_SECONDS):
            with suppress(KeyError):
                metric.remove(self._tp.topic, str(self._tp.partition))

    def taken(self, published_ms: int) -> None:
        """The oldest record in hand was published then; all before it are applied."""
        self._waits = True
        self.applied(published_ms)

    def applied(self, published_ms: int) -> None:
        """The newest record in hand is applied; more may wait."""
        if published_ms > 0:
            self._applied_to = min(published_ms / 1000, time.time())  # clocks differ

    def measured(self, records: int) -> None:
        """So many records are there that are not applied."""
        if self._closed:
            return  # it was revoked while Kafka was asked
        LAG.labels(*self._tp).set(records)
        self._waits = records > 0
        if not records:
            self._applied_to = time.time()

    def seconds(self) -> float:
        """Age of the oldest record that is not applied, at most; 0 when nothing waits."""
        age = time.time() - self._applied_to
        return max(age, 0.0) if self._waits or age > SURE_SECONDS else 0.0


def show_none() -> None:
    """Whatever was shown is over: a consumer that was given up may have left some."""
    for metric in (LAG, LAG_SECONDS):
        metric.clear()
