"""What badges does when something happens elsewhere."""

from services.badges import store
from shared.consuming.handlers import Handlers
from shared.contracts.membership import MemberJoined
from shared.storage.unit_of_work import Transaction

on = Handlers("badges")


@on(MemberJoined)
async def welcome(event: MemberJoined, tx: Transaction) -> None:
    """Who joins for the first time is given a badge."""
    await store.give(tx, event.person_id, event.community_id)
