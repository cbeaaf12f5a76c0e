"""copse parked: events that failed, and those of their key that wait behind them; tried again by themselves."""

from typing import Annotated

import typer

from deploy.cli.aside import selection as which
from deploy.cli.aside.changing import change
from deploy.cli.aside.showing import listed, shown
from deploy.cli.terminal import Json, Yes, answering
from shared import dead_letters

app = typer.Typer(no_args_is_help=True, help="Events that are held, to be tried again.")


@app.command("list")
@answering
async def list_(
    *,
    service: which.Service = None,
    id: which.Id = None,
    topic: which.Topic = None,
    key: which.Key = None,
    fingerprint: which.Fingerprint = None,
    since: which.Since = None,
    until: which.Until = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    kinds: Annotated[
        bool, typer.Option("--kinds", help="A line for each kind of failure.")
    ] = False,
    json: Json = False,
) -> None:
    """List held events: the first of each key is tried again when due, the others wait behind it."""
    where = which.conditions(
        id=id, topic=topic, key=key, fingerprint=fingerprint, since=since, until=until
    )
    await listed("held", where, service, limit=limit, kinds=kinds, as_json=json)


@app.command()
@answering
async def show(id: str, service: which.Service = None, json: Json = False) -> None:
    """Show one held event whole: reason, headers and value. It may hold personal data."""
    which.conditions(id=id)
    await shown("held", id, service, as_json=json)


@app.command()
@answering
async def retry(
    *,
    service: which.Service = None,
    id: which.Id = None,
    topic: which.Topic = None,
    key: which.Key = None,
    fingerprint: which.Fingerprint = None,
    since: which.Since = None,
    until: which.Until = None,
    all: which.All = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Try held events again now. A failure counts as one of the five attempts."""
    where = which.conditions(
        id=id, topic=topic, key=key, fingerprint=fingerprint, since=since, until=until
    )
    which.narrowed(where, service, all)
    await change(dead_letters.hurry, "retry", where, service, yes=yes, as_json=json)
