"""People register themselves, with what their token says."""

from fastapi import Response
from pydantic import BaseModel

from services.membership import store
from services.membership.model import Person
from shared.http.auth import Principal
from shared.http.router import Router, Tx
from shared.types.clock import now
from shared.types.fields import Line, Zone

router = Router(prefix="/people", tags=["people"])


class Myself(BaseModel, extra="forbid"):
    """What I say of myself; the name is the token's, and the zone stays, where I say nothing."""

    name: Line | None = None
    zone: Zone | None = None


@router.put("/me", responses={201: {"model": Person}})
async def register(
    me: Principal, tx: Tx, response: Response, myself: Myself | None = None
) -> Person:
    """Register, or change my name, address or zone. The address is always the token's."""
    myself = myself or Myself()
    person, new = await store.save_person(tx, me, myself.name, myself.zone, now())
    response.status_code = 201 if new else 200
    tx.tag()
    return person


@router.get("/me", responses={404: {"description": "I have not registered"}})
async def read_myself(me: Principal, tx: Tx) -> Person:
    """What is kept of me here."""
    person = await store.person(tx, me.person_id)
    tx.tag()
    return person
