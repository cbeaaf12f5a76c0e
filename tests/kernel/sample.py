"""A service as small as one can be, to try the kernel with: accounts that take deposits."""

import os
from typing import Annotated

from pydantic import BaseModel, Field

from shared.consuming.handlers import Handlers
from shared.errors import Refused
from shared.events.event import Event
from shared.http.router import Router, Tx
from shared.runtime.serve import run
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.storage.projection import Write
from shared.storage.unit_of_work import Transaction

NAME = os.environ.get("SAMPLE_NAME", "sample")  # each test runs it under a name of its own


MOST = 1_000_000


class AccountEvent(Event, topic=f"{NAME}.accounts", key="account_id"):
    account_id: str


class Deposited(AccountEvent):
    """An account holds this much more."""

    amount: int


class ReceiptEvent(Event, topic=f"{NAME}.receipts", key="account_id"):
    account_id: str


class ReceiptWritten(ReceiptEvent):
    """Somebody was told of a deposit."""

    amount: int


class TooMuch(Refused):
    """No account takes so much at once."""


class Account(BaseModel, frozen=True):
    """What was deposited, in order."""

    account_id: str
    amounts: tuple[int, ...] = ()

    def deposit(self, amount: int) -> tuple["Account", Deposited]:
        after = self.model_copy(update={"amounts": (*self.amounts, amount)})
        return after, Deposited(account_id=self.account_id, amount=amount)


class Ledger(BaseModel, frozen=True):
    """What was heard of an account, in order."""

    account_id: str
    amounts: tuple[int, ...] = ()

    def note(self, amount: int) -> tuple["Ledger", ReceiptWritten]:
        after = self.model_copy(update={"amounts": (*self.amounts, amount)})
        return after, ReceiptWritten(account_id=self.account_id, amount=amount)


class Unlucky(Refused):
    """This number is never written down."""


router = Router()
on = Handlers(NAME)


class Deposit(BaseModel):
    """An amount in pence."""

    amount: Annotated[int, Field(gt=0)]


@router.post("/accounts/{account_id}/deposits", status_code=201)
async def deposit(account_id: str, deposit: Deposit, tx: Tx) -> Account:
    """Put money into an account; the first deposit opens it."""
    account = await change_account(tx, account_id, deposit.amount)
    if deposit.amount > MOST:  # so late that there is something to leave behind
        raise TooMuch(f"It may be {MOST} at most.")
    tx.tag()
    return account


async def change_account(tx: Transaction, account_id: str, amount: int) -> Account:
    if await tx.get("accounts", account_id) is None:
        state, event = Account(account_id=account_id).deposit(amount)
        tx.add("accounts", account_id, state, event)
        return state
    return await tx.change("accounts", Account, account_id, lambda account: account.deposit(amount))


@on.projection(Deposited)
def remember_last(event: Deposited) -> Write:
    return Write("last", event.account_id, {"amount": event.amount})


@on(Deposited)
async def write_receipt(event: Deposited, tx: Transaction) -> None:
    """Fails on command: 13 for good, 666 for as long as a mended flag is missing."""
    if event.amount == 13:
        raise Unlucky("13")
    if event.amount == 666 and await tx.get("flags", "mended") is None:
        raise RuntimeError("a bug that will be mended")
    if await tx.get("ledgers", event.account_id) is None:
        state, receipt = Ledger(account_id=event.account_id).note(event.amount)
        tx.add("ledgers", event.account_id, state, receipt)
        return
    await tx.change("ledgers", Ledger, event.account_id, lambda ledger: ledger.note(event.amount))


service = Service(
    NAME,
    router,
    on,
    settings=Settings,
    publishes=(Deposited, ReceiptWritten),
    indexes={"accounts": [], "ledgers": [], "last": [], "flags": []},
)

if __name__ == "__main__":
    run(service)
