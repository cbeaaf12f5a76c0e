"""What people ask of badges."""

from fastapi import Request
from pydantic import BaseModel

from services.badges import store
from services.badges.settings import BadgeSettings
from shared.http.auth import Principal
from shared.http.router import Router, Tx
from shared.runtime.runtime import running

router = Router(tags=["badges"])


class Badge(BaseModel):
    """A badge as it is shown."""

    word: str
    community_id: str


@router.get("/people/me/badge", responses={404: {"description": "I have none"}})
async def read_my_badge(me: Principal, tx: Tx, request: Request) -> Badge:
    """The badge I was given."""
    holder = await store.holder(tx, me.person_id)
    word = running(request, BadgeSettings).settings.badge_word
    return Badge(word=word, community_id=holder.community_id)
