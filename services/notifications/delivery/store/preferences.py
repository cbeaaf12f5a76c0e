"""What people choose, and the links by which they choose without signing in."""

import secrets
from collections.abc import Callable, Sequence

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from services.notifications.delivery.layout import PREFERENCES, SUBSCRIPTIONS
from services.notifications.delivery.model import Preferences, Subscription
from shared.errors import NotFound
from shared.events.event import Document
from shared.storage.database import Database
from shared.storage.failures import is_duplicate
from shared.storage.unit_of_work import Transaction

Kind = tuple[str, str, str | None]
"""Of whose mails, of which category, from which community."""


async def preferences_of(tx: Transaction, person_id: str) -> Preferences:
    """What a person chose; of who chose nothing, what holds then."""
    document = await tx.get(PREFERENCES, person_id)
    return Preferences.model_validate(document["chosen"]) if document else Preferences()


async def choices_of(tx: Transaction, people: Sequence[str]) -> dict[str, Preferences]:
    """What each of these people chose."""
    documents = await tx.find(PREFERENCES, {"_id": {"$in": [*people]}})
    chosen = {
        document["_id"]: Preferences.model_validate(document["chosen"]) for document in documents
    }
    return {person: chosen.get(person) or Preferences() for person in people}


async def change_preferences(
    tx: Transaction, person_id: str, decide: Callable[[Preferences], Preferences]
) -> Preferences:
    chosen = decide(await preferences_of(tx, person_id))
    tx.replace(PREFERENCES, person_id, {"chosen": chosen.model_dump()})
    return chosen


async def subscribed(database: Database, kinds: Sequence[Kind]) -> dict[Kind, Subscription]:
    """What the unsubscribe link of each kind of mail stands for; all mails of a kind share one token."""
    known = await _subscribed(database, kinds)
    if lacking := [kind for kind in dict.fromkeys(kinds) if kind not in known]:
        try:
            await database[SUBSCRIPTIONS].bulk_write(
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
    documents: list[Document] = await database[SUBSCRIPTIONS].find(wanted).to_list(None)
    subscriptions = map(_subscription, documents)
    return {(given.person_id, given.category, given.community_id): given for given in subscriptions}


def _kind(person_id: str, category: str, community_id: str | None) -> Document:
    return {"person_id": person_id, "category": category, "community_id": community_id}


def _fresh() -> Document:
    return {"_id": secrets.token_urlsafe(24), "stopped": []}


async def subscription(tx: Transaction, token: str) -> Subscription:
    """What a token stands for. NotFound if nobody was given it."""
    document = await tx.get(SUBSCRIPTIONS, token)
    if document is None:
        raise NotFound("This link is not one that we sent. Use the link of a newer mail.")
    return _subscription(document)


def save_subscription(tx: Transaction, subscription: Subscription) -> None:
    tx.replace(SUBSCRIPTIONS, subscription.token, subscription.model_dump(exclude={"token"}))


def _subscription(document: Document) -> Subscription:
    return Subscription.model_validate({**document, "token": document["_id"]})
