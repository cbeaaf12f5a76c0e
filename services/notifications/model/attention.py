"""How often to look for something to do: closely while things happen, now and then when nothing does."""

CLOSELY = 25  # looks in vain, after which only every fifth is taken
NOW_AND_THEN = 5


class Attention:
    """One process's attention, in turns. What another process leaves to do is seen now and then."""

    def __init__(self) -> None:
        self._turn = 0
        self._in_vain = 0

    def looks(self) -> bool:
        """Whether to look this turn."""
        self._turn += 1
        return self._in_vain < CLOSELY or self._turn % NOW_AND_THEN == 0

    def saw(self, *, something: bool) -> None:
        """What came of a look; or, without one, that there is going to be something."""
        self._in_vain = 0 if something else self._in_vain + 1
