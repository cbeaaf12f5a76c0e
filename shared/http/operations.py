"""What every service answers its operators: health, metrics, the test clock, dead letters."""

from pathlib import Path
from typing import Any, Literal

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from shared.consuming import dead_letters
from shared.errors import Invalid, NotFound
from shared.http import openapi, problems
from shared.http.auth import Principal
from shared.http.keys import OPERATOR
from shared.http.observing import Observed
from shared.http.paging import Paging
from shared.http.router import Router, Tx
from shared.http.serving import serving
from shared.observability.metrics import READY
from shared.storage.layout import PARKED
from shared.types import clock
from shared.types.clock import Moment

ASYNCAPI = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"


class Clock(BaseModel):
    """The moment the test clock is moved to."""

    now: Moment


class DeadLetter(BaseModel):
    """An event that was set aside: where it came from, and why."""

    id: str
    topic: str
    key: str
    state: str
    reason: str
    fingerprint: str
    attempts: int
    parked_at: Moment


class DeadLetters(BaseModel):
    """One page of what was set aside."""

    items: list[DeadLetter]
    next: str | None


class Replay(BaseModel):
    """Which dead events to handle again; every condition given must hold."""

    id: str | None = None
    topic: str | None = None
    key: str | None = None
    fingerprint: str | None = None
    dry_run: bool = True


class Replayed(BaseModel):
    """How many events the replay is about."""

    events: int
    dry_run: bool


router = Router(tags=["operation"], responses=openapi.ONLY_OPERATORS)


@router.get("/dead-letters")
async def list_dead_letters(
    me: Principal,
    tx: Tx,
    page: Paging,
    state: Literal["dead", "held"] | None = None,
) -> DeadLetters:
    """What was set aside and why: `dead`, and `held` to be tried again. For operators."""
    me.require_scope(OPERATOR)
    where: dict[str, Any] = {"state": state} if state else {}
    if after := page.position(str):
        where["_id"] = {"$gt": after[0]}
    parked = await tx.find(PARKED, where, sort=[("_id", 1)], limit=page.wanted)
    events, following = page.cut(parked, lambda event: (event["_id"],))
    return DeadLetters(
        items=[DeadLetter.model_validate({**event, "id": event["_id"]}) for event in events],
        next=following,
    )


@router.post("/dead-letters/replay")
async def replay_dead_letters(replay: Replay, me: Principal, request: Request) -> Replayed:
    """Send dead events through the normal pipeline again. Counts only, unless `dry_run` is false."""
    me.require_scope(OPERATOR)
    conditions = replay.model_dump(exclude={"dry_run"}, exclude_none=True)
    if not conditions:
        raise Invalid("Name an id, a topic, a key or a fingerprint.", field="id")
    where = {"_id" if name == "id" else name: value for name, value in conditions.items()}
    database = serving(request).database
    count = await dead_letters.replay(database, where, dry_run=replay.dry_run, by=me.person_id)
    return Replayed(events=count, dry_run=replay.dry_run)


def add_to(app: FastAPI) -> None:
    """Add the common routes, the error answers and the request span to a service."""
    app.include_router(router)
    app.add_api_route("/", describe, include_in_schema=False)
    app.add_api_route("/livez", livez, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False)
    app.add_api_route("/asyncapi.yaml", asyncapi, include_in_schema=False)
    app.add_api_route(
        *("/_clock", set_clock),
        methods=["POST"],
        include_in_schema=False,
        dependencies=[Depends(_require_test_clock)],
    )
    problems.add_to(app)
    openapi.complete(app)
    app.add_middleware(Observed)


async def describe() -> Response:
    """Who opens the address in a browser wants to know what is here."""
    return RedirectResponse("/docs")


async def livez(request: Request) -> Response:
    """The process answers, and its consumer moves: a second new one that stands still needs a new process."""
    stuck = serving(request).is_stuck
    return Response("the consumer stands still" if stuck else "ok", 503 if stuck else 200)


async def readyz(request: Request) -> Response:
    """200 when MongoDB answers and the history that was there at the start is applied."""
    waits = serving(request).waits_for()
    return JSONResponse({"ready": not waits, "waits_for": [*waits]}, 503 if waits else 200)


async def metrics(request: Request) -> Response:
    """Prometheus text format."""
    READY.set(not serving(request).waits_for())
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def asyncapi() -> Response:
    """Every event of every service (AsyncAPI 3.0), as `make flow` wrote it from the contracts."""
    return FileResponse(ASYNCAPI, media_type="application/yaml")


async def _require_test_clock(request: Request) -> None:
    if not serving(request).has_test_clock:
        raise NotFound("There is no test clock here.")


async def set_clock(clock_: Clock) -> dict[str, str]:
    """Move the service's clock; only where COPSE_TEST_CLOCK is set."""
    clock.set_now(clock_.now)
    return {"now": clock.now().isoformat()}
