"""A service as data, and what becomes of it: `Service(…)`, `.build(settings)`, `run(service)`."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fastapi import APIRouter, FastAPI
from faststream.kafka import KafkaBroker
from pymongo import IndexModel

from shared import __version__
from shared.consuming.group import ConsumerGroup
from shared.consuming.handlers import Handlers
from shared.events.event import Event
from shared.http import operations
from shared.http.keys import Keys
from shared.publishing.producer import Producer
from shared.publishing.relay import Relay
from shared.runtime.lifetime import living
from shared.runtime.runtime import Runtime
from shared.runtime.settings import KafkaSettings, Settings, security
from shared.storage.database import Database

S = TypeVar("S", bound=Settings)


class Application(FastAPI):
    """A service that can be asked over HTTP; `runtime` is what it is made of."""

    runtime: Runtime[Any]


@dataclass(frozen=True)
class Service(Generic[S]):
    """What a service consists of. Making one has no effect: nothing is read, set or connected to."""

    name: str
    router: APIRouter
    on: Handlers
    settings: type[S]
    publishes: Sequence[type[Event]] = ()
    """Every event it may emit: others are refused, and Kafka lets it write to their topics alone."""
    indexes: Mapping[str, Sequence[IndexModel]] = field(
        default_factory=dict[str, Sequence[IndexModel]]
    )
    """Its collections, each with its indexes."""

    def build(self, settings: S, *, database: Database | None = None) -> Application:
        """The service as an ASGI application. It starts whether or not Kafka and MongoDB are there yet.

        A test may bring a database of its own.
        """
        kept_in = database or Database(settings.mongo, self.name, publishes=self.publishes)
        runtime = Runtime(
            name=self.name,
            settings=settings,
            database=kept_in,
            keys=Keys(settings.jwks, settings.issuer, settings.audience),
            relay=Relay(kept_in, Producer(settings.kafka_client()), settings.outbox_limit),
            consumer=ConsumerGroup(
                self.on,
                kept_in,
                lambda: broker(settings, settings.grace_seconds),
                batch_records=settings.batch_records,
                brake_share=settings.brake_share,
                grace_seconds=settings.grace_seconds,
            ),
        )

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
            async with living(runtime, self.on, self.indexes):
                yield

        app = Application(title=f"Copse {self.name}", version=__version__, lifespan=lifespan)
        app.runtime = runtime
        app.include_router(self.router)
        operations.add_to(app)
        return app


def broker(settings: KafkaSettings, grace_seconds: float) -> KafkaBroker:
    """FastStream's way to Kafka, told to leave records as they are."""
    return KafkaBroker(
        settings.kafka,
        security=security(settings),
        apply_types=False,
        logger=None,
        consumer_only=True,
        allow_auto_create_topics=False,
        graceful_timeout=grace_seconds,
    )
