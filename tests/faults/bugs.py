"""Seeded bugs, each one a promise of the kernel broken; the checker must see every one of them."""

import random
from collections.abc import Callable
from typing import Any

from pymongo import UpdateOne

from tests.faults.build import wrap


def state_after_watermark() -> None:
    """The watermark, and with it the offset, is committed before the transaction that does the work."""

    def change(once: Any) -> Any:
        async def early(inbox: Any, batch: Any, claim: Any, held: Any = None) -> None:
            await inbox.database.transact(claim)
            await once(inbox, batch, _nothing, held)

        return early

    wrap("shared.consuming.deduplication:Deduplication.once", change)


def no_deduplication() -> None:
    """Neither the watermark nor the inbox of event ids nor an event's sequence is looked at."""

    def apply(original: Any) -> Any:
        async def anything(inbox: Any, tp: Any, batch: Any) -> None:
            inbox.positions[tp] = -2
            await original(inbox, tp, batch)
            here = {"_id": f"{tp.topic}:{tp.partition}"}
            await inbox.database["watermarks"].update_one(
                here, {"$set": {"offset": batch[-1].offset}}
            )

        return anything

    def once(original: Any) -> Any:
        async def unclaimed(inbox: Any, batch: Any, claim: Any, held: Any = None) -> None:
            await original(inbox, batch, _nothing, held)

        return unclaimed

    wrap("shared.consuming.deduplication:Deduplication.apply", apply)
    wrap("shared.consuming.deduplication:Deduplication.once", once)
    wrap("shared.consuming.deduplication:Deduplication.remember", lambda _: _remember_nothing)
    wrap("shared.storage.projection:is_newer", lambda _: lambda one, other: False)
    wrap("shared.storage.projection:set_if_newer", lambda _: _set)


def forgotten_before_sent() -> None:
    """The relay deletes events before Kafka acknowledged them."""

    def change(send: Any) -> Any:
        async def forget_first(relay: Any, events: Any) -> Any:
            await relay.forget([event["_id"] for event in events])
            return await send(relay, events)

        return forget_first

    wrap("shared.publishing.relay:Relay.send", change)


def published_in_any_order() -> None:
    """The relay does not keep the order of a key."""

    def change(send: Any) -> Any:
        async def shuffled(relay: Any, events: Any) -> Any:
            return await send(relay, random.sample(events, len(events)))

        return shuffled

    wrap("shared.publishing.relay:Relay.send", change)


def applied_in_any_order() -> None:
    """The consumer does not keep the order of a key within a batch."""

    def change(once: Any) -> Any:
        async def backwards(inbox: Any, batch: Any, claim: Any, held: Any = None) -> None:
            await once(inbox, batch[::-1], claim, held)

        return backwards

    wrap("shared.consuming.deduplication:Deduplication.once", change)


async def _nothing(_: Any) -> None:
    pass


def _set(id: str, fields: Any) -> UpdateOne:
    change = {name: one.value for name, one in fields.items()}
    return UpdateOne({"_id": id}, {"$set": change}, upsert=True)


async def _remember_nothing(*_: Any) -> set[str]:
    return set()


BUGS: dict[str, Callable[[], None]] = {
    "state-after-watermark": state_after_watermark,
    "no-deduplication": no_deduplication,
    "forgotten-before-sent": forgotten_before_sent,
    "published-in-any-order": published_in_any_order,
    "applied-in-any-order": applied_in_any_order,
}
