"""Stops a topic where most events fail for a reason nobody foresaw: a bad deployment would otherwise park everything.

After arroyo's `DlqLimit`. What cannot be read and what a rule refuses does not count: other systems send it, and it is theirs to
mend; so nobody can stop a topic from outside.
"""

from collections import deque

from shared.errors import Problem

WINDOW = 200  # events of a topic that are looked at, the newest
LEAST = 20  # failures before anything is stopped: a handful tells nothing


class Braked(Exception):
    """Too many events of a topic failed unforeseen; this one is not set aside but tried again later."""


class Brake:
    """What became of the newest events of one topic."""

    def __init__(self, topic: str, share: float) -> None:
        self._topic = topic
        self._share = share
        self._failed: deque[bool] = deque(maxlen=WINDOW)
        self.reason: str | None = None
        """Why the topic stands; None while it does not."""

    def succeeded(self, events: int) -> None:
        """So many were handled: the topic goes on."""
        self._failed.extend([False] * min(events, WINDOW))
        self.reason = None

    def require_room(self, cause: Exception) -> None:
        """Raise Braked if one more may not be set aside for this cause."""
        if isinstance(cause, Problem):
            return
        newest = [*self._failed, True][-WINDOW:]
        failures, looked_at = sum(newest), len(newest)
        if failures > LEAST and failures > self._share * looked_at:
            self.reason = (
                f"{self._topic} stands: {failures} of the last {looked_at} events failed unforeseen, "
                f"the last with {type(cause).__name__}; the log says more"
            )
            raise Braked(self.reason) from cause
        self._failed.append(True)
