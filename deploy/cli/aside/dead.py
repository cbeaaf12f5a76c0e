"""copse dead: events that could not be worked on, which wait for a person's decision."""

from typing import Annotated

import typer

from deploy.cli.aside import selection as which
from deploy.cli.aside.changing import change
from deploy.cli.aside.showing import listed, shown
from deploy.cli.terminal import Json, Yes, answering
from shared import dead_letters

app = typer.Typer(no_args_is_help=True, help="Events that could not be worked on.")


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
    """List dead letters, the oldest first of each service."""
    where = which.conditions(
        id=id, topic=topic, key=key, fingerprint=fingerprint, since=since, until=until
    )
    await listed("dead", where, service, limit=limit, kinds=kinds, as_json=json)


@app.command()
@answering
async def show(id: str, service: which.Service = None, json: Json = False) -> None:
    """Show one dead letter whole: reason, headers and value. It may hold personal data."""
    which.conditions(id=id)
    await shown("dead", id, service, as_json=json)


@app.command()
@answering
async def replay(
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
    """Handle dead letters again, after the mend; those that fail again are dead again."""
    where = which.conditions(
        id=id, topic=topic, key=key, fingerprint=fingerprint, since=since, until=until
    )
    which.narrowed(where, service, all)
    await change(dead_letters.replay, "replay", where, service, yes=yes, as_json=json)


@app.command()
@answering
async def drop(
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
    """Forget dead letters for good. Their copies on <topic>.dead stay as long as that keeps them."""
    where = which.conditions(
        id=id, topic=topic, key=key, fingerprint=fingerprint, since=since, until=until
    )
    which.narrowed(where, service, all)
    await change(dead_letters.drop, "drop", where, service, yes=yes, as_json=json)
