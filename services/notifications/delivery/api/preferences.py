"""What I choose to get by mail."""

from pydantic import BaseModel

from services.notifications.delivery import store
from services.notifications.delivery.model import Preferences
from services.notifications.telling.store import categories
from shared.errors import Invalid
from shared.http.auth import Principal
from shared.http.router import Router, Tx

router = Router(prefix="/preferences", tags=["preferences"])


class Chosen(BaseModel):
    """What holds for my mails, for every category there is. The inbox holds everything."""

    mute: bool
    mute_communities: tuple[str, ...]
    mail: dict[str, bool]


class UnknownCategory(Invalid):
    """There is no such category of messages."""


@router.get("")
async def read_preferences(me: Principal, tx: Tx) -> Chosen:
    """What holds for my mails."""
    return await _shown(tx, await store.preferences_of(tx, me.person_id))


@router.put("")
async def choose(preferences: Preferences, me: Principal, tx: Tx) -> Chosen:
    """From now on this holds. What is left out is as at the start: not muted, every category on."""
    known = await categories(tx)
    for category in preferences.mail:
        if category not in known:
            raise UnknownCategory(
                f"There is no category {category}; there are {', '.join(known)}.",
                field=f"mail.{category}",
            )
    return await _shown(tx, await store.change_preferences(tx, me.person_id, lambda _: preferences))


async def _shown(tx: Tx, chosen: Preferences) -> Chosen:
    known = await categories(tx)
    return Chosen(
        mute=chosen.mute,
        mute_communities=tuple(dict.fromkeys(chosen.mute_communities)),
        mail={category: chosen.mail.get(category, True) for category in known},
    )
