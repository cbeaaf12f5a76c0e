"""Stops a topic where most events fail for a reason nobody foresaw: a bad deployment would otherwise park everything.

After arroyo's `DlqLimit`. What cannot be read, what a rule refuses and what MongoDB can never hold does not count, nor does a fact
that is still on its way: other systems send it, and it is theirs to mend; so nobody can stop a topic from outside.
"""

from collections import deque

from shared.consuming.record import is_final
from shared.errors import NotFound

WINDOW = 200  # events of a topic that are looked at, the newest
MIN_FAILURES = 20  # before anything is stopped: a handful tells nothing


class Braked(Exception):
    """Too many events of a topic failed unforeseen; this one is not set aside but tried again later."""


class Brake:
    """What became of the newest events of one topic that a handler had to do with."""

    def __init__(self, topic: str, max_failure_share: float) -> None:
        self._topic = topic
        self._max_failure_share = max_failure_share
        self._failed: deque[bool] = deque(maxlen=WINDOW)

    def handled(self, events: int) -> None:
        """So many events took effect."""
        self._failed.extend([False] * min(events, WINDOW))

    def require_room(self, cause: Exception) -> None:
        """Raise Braked if one more may not be set aside for this cause."""
        if is_final(cause) or isinstance(cause, NotFound):
            return
        newest = [*self._failed, True][-WINDOW:]
        failures, looked_at = sum(newest), len(newest)
        if failures > MIN_FAILURES and failures > self._max_failure_share * looked_at:
            raise Braked(
                f"{failures} of the last {looked_at} events of {self._topic} failed unforeseen, "
                f"the last with {type(cause).__name__}; the log says more"
            ) from cause
        self._failed.append(True)
