"""copse dead and copse parked: one set of commands over what is set aside, dead or held."""

from typing import Annotated

import typer

from deploy.cli.dead_letters import selection as which
from deploy.cli.dead_letters.changing import Change, change
from deploy.cli.dead_letters.showing import listed, shown
from deploy.cli.terminal import Json, Yes, answering
from shared.consuming.dead_letters import drop, replay, retry_now


def looking(state: str, *, help: str, lists: str, shows: str) -> typer.Typer:
    """The commands that look at events of a state."""
    app = typer.Typer(no_args_is_help=True, help=help)

    @app.command("list", help=lists)
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
        where = which.conditions(
            id=id, topic=topic, key=key, fingerprint=fingerprint, since=since, until=until
        )
        await listed(state, where, service, limit=limit, kinds=kinds, as_json=json)

    @app.command(help=shows)
    @answering
    async def show(id: str, service: which.Service = None, json: Json = False) -> None:
        which.conditions(id=id)
        await shown(state, id, service, as_json=json)

    return app


def changing(app: typer.Typer, name: str, work: Change, *, help: str) -> None:
    """A command that does something about the events that its options name."""

    @app.command(name, help=help)
    @answering
    async def do(
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
        where = which.conditions(
            id=id, topic=topic, key=key, fingerprint=fingerprint, since=since, until=until
        )
        which.narrowed(where, service, all)
        await change(work, name, where, service, yes=yes, as_json=json)


dead = looking(
    "dead",
    help="Events that could not be worked on.",
    lists="List dead letters, the oldest first of each service.",
    shows="Show one dead letter whole: reason, headers and value. It may hold personal data.",
)
changing(
    dead,
    "replay",
    replay,
    help="Handle dead letters again, after the mend; those that fail again are dead again.",
)
changing(
    dead,
    "drop",
    drop,
    help="Forget dead letters for good. Their copies on <topic>.dead stay as long as that keeps them.",
)

parked = looking(
    "held",
    help="Events that are held, to be tried again.",
    lists="List held events: the first of each key is tried again when due, the others wait behind it.",
    shows="Show one held event whole: reason, headers and value. It may hold personal data.",
)
changing(
    parked,
    "retry",
    retry_now,
    help="Try held events again now. A failure counts as one of the five attempts.",
)
