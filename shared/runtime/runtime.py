"""What a service is made of while it runs: typed, made once, passed to whatever needs more than a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from fastapi import Depends, Request

from shared.consuming.group import ConsumerGroup
from shared.http.keys import Keys
from shared.publishing.relay import Relay
from shared.runtime.settings import Settings
from shared.storage.database import Database

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class Runtime(Generic[S]):
    """A service's parts. Chores and lifespans are given it; a route reaches its settings by `configured`."""

    name: str
    settings: S
    database: Database
    keys: Keys
    relay: Relay
    consumer: ConsumerGroup

    @property
    def has_test_clock(self) -> bool:
        return self.settings.test_clock

    @property
    def is_stuck(self) -> bool:
        return self.consumer.is_stuck

    def waits_for(self) -> Sequence[str]:
        """Why the service is not ready, a reason each; nothing when it is."""
        unprepared = (
            []
            if self.database.prepared
            else ["it has not begun; what it waits for stands in its log"]
        )
        return [*unprepared, *self.consumer.waits_for()]


def running(request: Request, settings: type[S]) -> Runtime[S]:
    """The service that a request came to; TypeError if its settings are of another kind."""
    runtime = cast("Runtime[S]", request.app.runtime)
    if not isinstance(runtime.settings, settings):
        raise TypeError(f"{runtime.name} was built with other settings than {settings.__name__}")
    return runtime


def configured(settings: type[S]) -> Any:
    """A dependency of FastAPI: a service's own settings, as its routes ask for them."""

    async def of_request(request: Request) -> S:
        return running(request, settings).settings

    return Depends(of_request)
