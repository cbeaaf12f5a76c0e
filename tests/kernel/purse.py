"""A service that refuses: purses that one cannot take more from than they hold."""

from pydantic import BaseModel

from shared.consuming.handlers import Handlers
from shared.errors import Refused
from shared.events.event import Event, new_id
from shared.http.router import Router, Tx
from shared.runtime.service import Service
from shared.runtime.settings import Settings

router = Router()
on = Handlers("purse")


class PurseEvent(Event, topic="purse.purses", key="purse_id"):
    purse_id: str


class Taken(PurseEvent):
    """A purse holds this much less."""

    left: int


class Overdrawn(Refused):
    """The purse does not hold so much."""


class Purse(BaseModel, frozen=True):
    """What is left in it."""

    purse_id: str
    left: int

    def take(self, amount: int) -> tuple["Purse", Taken]:
        if amount > self.left:
            raise Overdrawn(f"It holds {self.left}.")
        after = self.model_copy(update={"left": self.left - amount})
        return after, Taken(purse_id=self.purse_id, left=after.left)


class Wish(BaseModel):
    """How much to take; `sends` writes at once before the rule is asked, `receipt` is an id that must be free."""

    amount: int = 1
    sends: bool = False
    receipt: str | None = None


@router.put("/purses/{purse_id}", status_code=201)
async def fill(purse_id: str, left: int, tx: Tx) -> Purse:
    """Lay out a purse that holds so much."""
    purse = Purse(purse_id=purse_id, left=left)
    tx.add("purses", purse_id, purse)
    return purse


@router.post("/purses/{purse_id}/takings")
async def take(purse_id: str, wish: Wish, tx: Tx) -> Purse:
    """Take from a purse; 409 where it does not hold so much."""
    if wish.sends:
        await tx.insert("attempts", [{"_id": new_id()}])
    if wish.receipt:
        tx.insert_later("receipts", {"_id": wish.receipt})
    purse = await tx.change("purses", Purse, purse_id, lambda purse: purse.take(wish.amount))
    tx.tag()
    return purse


service = Service(
    "purse",
    router,
    on,
    settings=Settings,
    publishes=(Taken,),
    indexes={"purses": [], "attempts": [], "receipts": []},
)
