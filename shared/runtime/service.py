"""create_service: HTTP in front, Kafka behind, MongoDB beneath."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn
from aiokafka.errors import KafkaError
from fastapi import APIRouter, FastAPI
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from pymongo import IndexModel
from pymongo.errors import PyMongoError

from shared import observability
from shared.consuming.consumer import Consumer
from shared.consuming.handlers import Handlers
from shared.http import operations
from shared.http.auth import Keys
from shared.observability.logs import log
from shared.publishing.relay import Relay
from shared.runtime.settings import KafkaSettings, Settings, load
from shared.storage.database import Database

SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
STUCK_SECONDS = 60  # records wait and none is taken: aiokafka #1154


def create_service(
    name: str,
    router: APIRouter,
    on: Handlers,
    *,
    indexes: Mapping[str, Sequence[IndexModel]],
    settings: type[Settings] = Settings,
) -> FastAPI:
    """A service as an ASGI application. It starts whether or not Kafka and MongoDB are there yet."""
    config = load(settings)
    observability.set_up(name, config.log_level, config.otlp)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        async with running(app, on, indexes, config):
            yield

    app = FastAPI(title=f"Copse {name}", version="0.1.0", lifespan=lifespan)
    app.state.name, app.state.settings, app.state.on = name, config, on
    app.state.consumer = app.state.relay = None
    app.state.stalls = 0  # consumers in a row that stood still from the start
    app.state.prepared, app.state.tasks, app.state.indexes = False, [], indexes
    app.state.keys = Keys(config.jwks, config.issuer, config.audience)
    app.include_router(router)
    operations.open_on(app)
    return app


@asynccontextmanager
async def running(
    app: FastAPI, on: Handlers, indexes: Mapping[str, Sequence[IndexModel]], config: Settings
) -> AsyncGenerator[None, None]:
    """Everything that lives as long as the service; ends in the order that loses nothing."""
    name: str = app.state.name
    database = Database(config.mongo, name, config)
    app.state.database = database
    async with AsyncExitStack() as stack:
        stack.push_async_callback(observability.traces.stop)
        stack.callback(database.client.close)
        tasks = [asyncio.create_task(_begin(app, on, indexes, config, stack))]
        try:
            yield
        finally:
            for task in [*tasks, *app.state.tasks]:
                task.cancel()
            await asyncio.gather(*tasks, *app.state.tasks, return_exceptions=True)


async def _begin(
    app: FastAPI,
    on: Handlers,
    indexes: Mapping[str, Sequence[IndexModel]],
    config: Settings,
    stack: AsyncExitStack,
) -> None:
    """Prepare MongoDB, then relay, then listen; each waits for what it needs."""
    database: Database = app.state.database
    await _until_done("MongoDB", lambda: database.prepare(indexes))
    app.state.prepared = True
    relay = app.state.relay = Relay(database, config.kafka, config.outbox_limit)
    stack.push_async_callback(relay.stop)
    app.state.tasks += [
        asyncio.create_task(relay.run()),
        asyncio.create_task(_every(1, relay.measure)),
        asyncio.create_task(_every(5, lambda: operations.count_parked(database))),
        *(
            asyncio.create_task(_every(s, lambda chore=chore: chore(database)))
            for s, chore in on.chores
        ),
    ]
    if on.topics:
        app.state.tasks.append(asyncio.create_task(_listen(app, on, config)))


async def _listen(app: FastAPI, on: Handlers, config: Settings) -> None:
    """Consume until cancelled: with a new consumer after every failure to start, or when one stands still."""
    pause = 0.2
    while True:
        broker = KafkaBroker(
            config.kafka,
            security=security(config),
            apply_types=False,
            logger=None,
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=config.grace_seconds,
        )
        consumer = Consumer(broker, on, app.state.database, config.batch_records)
        try:
            await broker.start()
            app.state.consumer = consumer
            pause = 0.2
            await _watch(consumer)
            app.state.stalls = 0 if consumer.took else app.state.stalls + 1
            log.error("the consumer stands still; starting a new one")
        except Exception as error:  # a service that listens no longer must not look alive
            if isinstance(error, KafkaError | OSError):
                log.warning("waiting for Kafka", error=repr(error)[:300])
            else:
                log.exception("the consumer failed; starting a new one")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5)
        finally:
            with suppress(Exception):
                await consumer.finish(config.grace_seconds)
                await broker.stop()


def security(config: KafkaSettings) -> BaseSecurity | None:
    """What `config.kafka_access` says, in FastStream's words."""
    context = config.kafka_access().get("ssl_context")
    if config.kafka_user:
        password = config.kafka_password.get_secret_value()
        return SASL[config.kafka_mechanism](config.kafka_user, password, ssl_context=context)
    return BaseSecurity(ssl_context=context) if context else None


async def _watch(consumer: Consumer) -> None:
    """Retry what is parked, measure; returns when records wait and none is taken for long."""
    retrying = asyncio.create_task(_every(1, consumer.retry_parked))
    try:
        while consumer.waiting or consumer.still_for < STUCK_SECONDS:
            await asyncio.sleep(1)
            with suppress(KafkaError, PyMongoError, TimeoutError):  # away: the metric stays
                # Before Python 3.12 wait_for may lose a cancellation.
                async with asyncio.timeout(5):
                    await consumer.measure()
    finally:
        retrying.cancel()
        await asyncio.gather(retrying, return_exceptions=True)


async def _until_done(what: str, job: Callable[[], Awaitable[Any]]) -> None:
    pause = 0.2
    while True:
        try:
            await job()
            return
        except Exception as error:
            log.warning(f"waiting for {what}", error=repr(error)[:300])
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5)


async def _every(seconds: float, job: Callable[[], Awaitable[Any]]) -> None:
    """Do a job again and again; a failure is logged and the next turn comes."""
    while True:
        try:
            await job()
        except Exception as error:
            log.warning(
                "a chore failed", chore=getattr(job, "__name__", ""), error=repr(error)[:500]
            )
        await asyncio.sleep(seconds)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGTERM and SIGINT end the service with exit code 0 (uvicorn's own way re-raises them)."""
        loop = asyncio.get_running_loop()
        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, self.handle_exit, one, None)
        yield


def run(app: FastAPI) -> None:
    """Serve until SIGTERM."""
    config: Settings = app.state.settings
    server = uvicorn.Config(
        app,
        host=config.host,
        port=config.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=int(config.grace_seconds),
        server_header=False,
    )
    _Server(server).run()
