"""Seeded bugs, each one a promise of the kernel broken; the checker must see every one of them."""

import random
from collections.abc import Callable
from typing import Any

from pymongo import UpdateOne

from shared.storage.layout import WATERMARKS
from tests.faults.build import wrap


def state_after_watermark() -> None:
    """The watermark, and with it the offset, is committed before the transaction that does the work."""

    def change(once: Any) -> Any:
        async def early(applier: Any, batch: Any, claim: Any, held: Any = None) -> Any:
            await applier.database.transact(lambda tx: claim(tx, batch[-1].offset, None))
            return await once(applier, batch, _nothing, held)

        return early

    wrap("shared.consuming.applying:Applier.apply_deduplicated", change)


def no_deduplication() -> None:
    """Neither the watermark nor the ids of events nor an event's sequence is looked at."""

    def apply(original: Any) -> Any:
        async def anything(applier: Any, partition: Any, batch: Any) -> Any:
            partition.position = -2
            done = await original(applier, partition, batch)
            last = {"$set": {"offset": batch[done.records - 1].offset}}
            await applier.database[WATERMARKS].update_one({"_id": str(partition)}, last)
            return done

        return anything

    def once(original: Any) -> Any:
        async def unclaimed(applier: Any, batch: Any, claim: Any, held: Any = None) -> Any:
            return await original(applier, batch, _nothing, held)

        return unclaimed

    wrap("shared.consuming.applying:Applier.apply", apply)
    wrap("shared.consuming.applying:Applier.apply_deduplicated", once)
    wrap("shared.consuming.deduplication:remember", lambda _: _remember_nothing)
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
        async def backwards(applier: Any, batch: Any, claim: Any, held: Any = None) -> Any:
            async def whole(tx: Any, _: int, since: int | None) -> None:
                await claim(tx, batch[-1].offset, since)

            return await once(applier, batch[::-1], whole, held)

        return backwards

    wrap("shared.consuming.applying:Applier.apply_deduplicated", change)


def answered_before_the_commit() -> None:
    """Who shares a transaction is answered while it is open."""

    def change(outcome: Any) -> Any:
        async def early(group: Any, command: Any, tx: Any) -> Any:
            result, failure = await outcome(group, command, tx)
            if failure is None and not command.answer.done():
                command.answer.set_result(result)
            return result, failure

        return early

    wrap("shared.storage.group_commit:Group.outcome", change)


def refused_and_kept() -> None:
    """What a command wrote stays, though it was refused."""

    def change(outcome: Any) -> Any:
        async def leak(group: Any, command: Any, tx: Any) -> Any:
            parts: list[Any] = []
            part = tx.part
            tx.part = lambda origin: parts.append(part(origin)) or parts[0]
            result, refusal = await outcome(group, command, tx)
            tx.part = part
            if refusal:
                tx.absorb(parts[0])
            return result, refusal

        return leak

    wrap("shared.storage.group_commit:Group.outcome", change)


async def _nothing(*_: Any) -> None:
    pass


def _set(id: str, fields: Any) -> UpdateOne:
    change = {name: one.value for name, one in fields.items()}
    return UpdateOne({"_id": id}, {"$set": change}, upsert=True)


async def _remember_nothing(*_: Any, **__: Any) -> set[str]:
    return set()


BUGS: dict[str, Callable[[], None]] = {
    "state-after-watermark": state_after_watermark,
    "no-deduplication": no_deduplication,
    "forgotten-before-sent": forgotten_before_sent,
    "published-in-any-order": published_in_any_order,
    "applied-in-any-order": applied_in_any_order,
    "answered-before-the-commit": answered_before_the_commit,
    "refused-and-kept": refused_and_kept,
}
