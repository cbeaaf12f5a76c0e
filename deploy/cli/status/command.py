"""copse status."""

from dataclasses import asdict
from typing import Annotated

import typer

from deploy.cli import reach
from deploy.cli.status.looking import look
from deploy.cli.status.seen import LAG_SECONDS, OUTBOX_SECONDS, Limits, Seen, Service, wrong
from deploy.cli.terminal import Json, answering, document, duration, say, table


@answering
async def status(
    lag_seconds: Annotated[
        float, typer.Option(min=0, help="Degraded beyond this age of an event not yet applied.")
    ] = LAG_SECONDS,
    outbox_seconds: Annotated[
        float, typer.Option(min=0, help="Degraded beyond this age of an event not yet published.")
    ] = OUTBOX_SECONDS,
    json: Json = False,
) -> bool:
    """Say how every service is doing; exit code 1 when the system is degraded.

    Degraded: Kafka or MongoDB is away; a service does not run, consume or publish; an event waits longer than the
    limits to be applied or published; there are dead letters. Held events are tried again by themselves.
    """
    where = reach.settings()
    seen = await look(where)
    faults = [*wrong(seen, Limits(lag_seconds, outbox_seconds))]
    if json:
        limits = {"lag_seconds": lag_seconds, "outbox_seconds": outbox_seconds}
        verdict = {"status": "degraded" if faults else "fine", "wrong": faults, "limits": limits}
        document({**verdict, **asdict(seen)})
    else:
        _show(seen, faults)
    return not faults


def _show(seen: Seen, faults: list[str]) -> None:
    table(
        *("Service", "Members", "Behind", "Oldest", "Held", "Dead", "Outbox", "Oldest", "Mails"),
        rows=[_row(one) for one in seen.services],
    )
    if faults:
        say("degraded")
        for fault in faults:
            say(f"  {fault}")
    else:
        say("fine")


def _row(one: Service) -> list[object]:
    held = f"{one.held} ({one.failing} failed)" if one.held else 0
    members = "?" if one.members is None else one.members if one.listens else "-"
    return [
        *(one.name, members),
        "?" if one.lag_records is None else one.lag_records,
        *(duration(one.lag_seconds), held, one.dead),
        *(one.outbox, duration(one.outbox_seconds)),
        ", ".join(f"{count} {state}" for state, count in one.deliveries.items()),
    ]
