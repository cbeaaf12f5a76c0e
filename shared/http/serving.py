"""What the routes need of the service that answers: how they reach it, and nothing more of it."""

from collections.abc import Sequence
from typing import Protocol, cast

from fastapi import Request

from shared.http.keys import Keys
from shared.storage.database import Database


class Serving(Protocol):
    """A service while it runs; `shared.runtime` makes it."""

    @property
    def database(self) -> Database: ...

    @property
    def keys(self) -> Keys: ...

    @property
    def has_test_clock(self) -> bool: ...

    @property
    def is_stuck(self) -> bool: ...

    def waits_for(self) -> Sequence[str]:
        """Why it is not ready, a reason each; nothing when it is."""
        ...


def serving(request: Request) -> Serving:
    """The service that a request came to."""
    return cast("Serving", request.app.runtime)
