"""What happens between a service's start and its end: MongoDB is prepared, then it publishes, listens and does its chores."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from typing import Any

from pymongo import IndexModel

from shared.backoff import Backoff
from shared.consuming import parked
from shared.consuming.handlers import Chore, Handlers
from shared.observability import traces
from shared.observability.logs import log
from shared.runtime.runtime import Runtime

MEASURE_SECONDS = 5


@asynccontextmanager
async def living(
    runtime: Runtime[Any], on: Handlers, indexes: Mapping[str, Sequence[IndexModel]]
) -> AsyncGenerator[None]:
    """Everything that lives as long as the service; ends in the order that loses nothing."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(traces.stop)
        stack.callback(runtime.database.client.close)
        tasks: list[asyncio.Task[Any]] = []
        beginning = asyncio.create_task(_begin(runtime, on, indexes, stack, tasks))
        beginning.add_done_callback(_tell_failure)
        tasks.append(beginning)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _tell_failure(beginning: asyncio.Task[None]) -> None:
    """A service that could not begin is never ready; why stands in its log."""
    if not beginning.cancelled() and (error := beginning.exception()):
        log.error("the service cannot begin", exc_info=error)


async def _begin(
    runtime: Runtime[Any],
    on: Handlers,
    indexes: Mapping[str, Sequence[IndexModel]],
    stack: AsyncExitStack,
    tasks: list[asyncio.Task[Any]],
) -> None:
    """Prepare MongoDB; only then is there anything to publish, to listen for and to do."""
    database = runtime.database
    await _until_done("MongoDB", lambda: database.prepare(indexes))
    stack.push_async_callback(runtime.relay.stop)
    chores = [
        Chore("relay.measure", 1, lambda _: runtime.relay.measure()),
        Chore("parked.measure", MEASURE_SECONDS, lambda _: parked.measure(database)),
        *on.chores,
    ]
    for lifespan in on.lifespans:
        await _until_done(
            lifespan.__name__, lambda begin=lifespan: _enter(begin(runtime), stack, chores)
        )
    require_names(chores)
    database.prepared = True
    jobs = [
        runtime.relay.run(),
        runtime.consumer.run(),
        *(repeat(chore, runtime) for chore in chores),
    ]
    tasks += [asyncio.create_task(job) for job in jobs]


async def _enter(
    lifespan: AbstractAsyncContextManager[Iterable[Chore]],
    stack: AsyncExitStack,
    chores: list[Chore],
) -> None:
    chores += await stack.enter_async_context(lifespan)


def require_names(chores: Sequence[Chore]) -> None:
    """Raise ValueError where two chores have one name: a commit would wake either, and only one of them."""
    names = [chore.name for chore in chores]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two chores are called {', '.join(twice)}")


async def _until_done(what: str, job: Callable[[], Awaitable[Any]]) -> None:
    backoff = Backoff(0.2, 5)
    while True:
        try:
            await job()
            return
        except Exception as error:
            log.warning(f"waiting for {what}", error=repr(error)[:300])
            await backoff.wait()


async def repeat(chore: Chore, runtime: Runtime[Any]) -> None:
    """Do a chore again and again; a failure is logged and the next turn comes."""
    woken = runtime.database.wakes[chore.name]
    while True:
        woken.clear()
        try:
            more = await chore.work(runtime)
        except Exception as error:
            log.warning("a chore failed", chore=chore.name, error=repr(error)[:500])
            await asyncio.sleep(chore.seconds)  # whoever wakes it meanwhile
            continue
        if not more:
            with suppress(TimeoutError):
                async with asyncio.timeout(chore.seconds):
                    await woken.wait()
