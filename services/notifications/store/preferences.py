"""What people choose, and the links by which they choose without signing in."""

import secrets
from collections.abc import Callable, Sequence

from pymongo import ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from services.notifications.model import Preferences, Subscription
from shared.errors import NotFound
from shared.events.event import Document
from shared.storage.database import Database, is_duplicate
from shared.storage.unit_of_work import Transaction

Kind = tuple[str, str, str | None]
"""Of whose mails, of which category, from which community."""


async def preferences_of(tx: Transaction, person_id: str) -> Preferences:
    """What a person chose; of who chose nothing, what holds then."""
    found = await tx.get("preferences", person_id)
    return Preferences.model_validate(found["chosen"]) if found else Preferences()


async def choices_of(tx: Transaction, people: Sequence[str]) -> dict[str, Preferences]:
    """What each of these people chose."""
    found = await tx.find("preferences", {"_id": {"$in": [*people]}})
    chosen = {one["_id"]: Preferences.model_validate(one["chosen"]) for one in found}
    return {person: chosen.get(person) or Preferences() for person in people}


async def change_preferences(
    tx: Transaction, person_id: str, decide: Callable[[Preferences], Preferences]
) -> Preferences:
    after = decide(await preferences_of(tx, person_id))
    document = {"_id": person_id, "chosen": after.model_dump()}
    tx.write("preferences", ReplaceOne({"_id": person_id}, document, upsert=True))
    return after


async def subscribed(database: Database, kinds: Sequence[Kind]) -> dict[Kind, Subscription]:
    """What the unsubscribe link of each kind of mail stands for; all mails of a kind share one token."""
    known = await _subscribed(database, kinds)
    if lacking := [kind for kind in dict.fromkeys(kinds) if kind not in known]:
        try:
            await database["subscriptions"].bulk_write(
                [
                    UpdateOne(_kind(*kind), {"$setOnInsert": _fresh()}, upsert=True)
                    for kind in lacking
                ],
                ordered=False,
            )
        except BulkWriteError as error:
            if not is_duplicate(error):  # else another mail of the kind was faster
                raise
        known |= await _subscribed(database, lacking)
    return known


async def _subscribed(database: Database, kinds: Sequence[Kind]) -> dict[Kind, Subscription]:
    if not kinds:
        return {}
    wanted = {"$or": [_kind(*kind) for kind in dict.fromkeys(kinds)]}
    found: list[Document] = await database["subscriptions"].find(wanted).to_list(None)
    return {
        (one["person_id"], one["category"], one["community_id"]): _subscription(one)
        for one in found
    }


def _kind(person_id: str, category: str, community_id: str | None) -> Document:
    return {"person_id": person_id, "category": category, "community_id": community_id}


def _fresh() -> Document:
    return {"_id": secrets.token_urlsafe(24), "stopped": []}


async def subscription(tx: Transaction, token: str) -> Subscription:
    """What a token stands for. NotFound if nobody was given it."""
    found = await tx.get("subscriptions", token)
    if found is None:
        raise NotFound("This link is not one that we sent. Use the link of a newer mail.")
    return _subscription(found)


def save_subscription(tx: Transaction, subscription: Subscription) -> None:
    document = {"_id": subscription.token, **subscription.model_dump(exclude={"token"})}
    tx.write("subscriptions", ReplaceOne({"_id": subscription.token}, document))


def _subscription(found: dict[str, object]) -> Subscription:
    return Subscription.model_validate({**found, "token": found["_id"]})
