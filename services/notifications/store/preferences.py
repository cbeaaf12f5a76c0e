"""What people choose, and the links by which they choose without signing in."""

import secrets
from collections.abc import Callable

from pymongo import ReplaceOne, ReturnDocument
from pymongo.errors import DuplicateKeyError

from services.notifications.model import Preferences, Subscription
from shared.database import Database
from shared.errors import NotFound
from shared.events import Document
from shared.transaction import Transaction


async def preferences_of(tx: Transaction, person_id: str) -> Preferences:
    """What a person chose; of who chose nothing, what holds then."""
    found = await tx.get("preferences", person_id)
    return Preferences.model_validate(found["chosen"]) if found else Preferences()


async def change_preferences(
    tx: Transaction, person_id: str, decide: Callable[[Preferences], Preferences]
) -> Preferences:
    after = decide(await preferences_of(tx, person_id))
    document = {"_id": person_id, "chosen": after.model_dump()}
    tx.write("preferences", ReplaceOne({"_id": person_id}, document, upsert=True))
    return after


async def subscribed(
    database: Database, person_id: str, category: str, community_id: str | None
) -> Subscription:
    """What the unsubscribe link of a mail stands for; all mails of the kind share one token."""
    which = {"person_id": person_id, "category": category, "community_id": community_id}
    first: Document = {"_id": secrets.token_urlsafe(24), "stopped": []}
    for _ in range(2):
        try:
            found = await database["subscriptions"].find_one_and_update(
                which, {"$setOnInsert": first}, upsert=True, return_document=ReturnDocument.AFTER
            )
            return _subscription(found)
        except DuplicateKeyError:  # another mail of the kind was faster
            continue
    raise RuntimeError("a token can neither be made nor found")


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
