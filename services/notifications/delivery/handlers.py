"""What delivery does when something happens elsewhere, and as time passes."""

from collections.abc import AsyncGenerator
from typing import Any

from services.notifications.delivery import store
from services.notifications.delivery.channel import ChannelKind
from services.notifications.delivery.routing import route, takes
from services.notifications.delivery.sender import Sender
from services.notifications.settings import NotificationSettings
from services.notifications.telling.handlers.chores import DELIVER
from shared.consuming.handlers import Chore, Handlers, Lifespan
from shared.contracts.membership import PersonRegistered
from shared.runtime.runtime import Runtime
from shared.storage.unit_of_work import Transaction

LOOK_SECONDS = 0.5  # between looks for what is due: some wait for a fact only for a moment
UNCALLED_SECONDS = 5.0  # a sender is woken by each of these looks, and else comes by itself

on = Handlers("notifications")


@on(PersonRegistered)
async def retry_deliveries(event: PersonRegistered, tx: Transaction) -> None:
    """What waited for this person's address need wait no longer."""
    store.retry_deliveries_to(tx, event.person_id)
    tx.wake(DELIVER)


def senders(*kinds: ChannelKind) -> Lifespan:
    """A sender for each channel. The first channel that reaches a person delivers to them, else the last."""

    async def deliver_by_channels(
        runtime: Runtime[NotificationSettings],
    ) -> AsyncGenerator[list[Chore]]:
        """Gives each notification its channel, and sends by each what is due, over connections that stay open."""
        database, public_url = runtime.database, runtime.settings.public_url
        channels = [kind(runtime.settings) for kind in kinds]
        running: dict[str, Sender[Any]] = {
            f"send_by_{channel.name}": Sender(
                database, public_url, channel, takes(channel, channels)
            )
            for channel in channels
        }

        async def deliver(_: Runtime[NotificationSettings]) -> None:
            try:
                await route(database, public_url, channels)
            finally:  # what has its channel goes, also where one cannot be read
                for chore in running:
                    database.wake(chore)

        yield [
            Chore(DELIVER, LOOK_SECONDS, deliver),
            *(_chore(name, sender) for name, sender in running.items()),
        ]
        for sender in running.values():
            await sender.hang_up()

    return deliver_by_channels


def _chore(name: str, sender: Sender[Any]) -> Chore:
    return Chore(name, UNCALLED_SECONDS, lambda _: sender.work())
