"""Which of the events that were set aside are meant: every condition given must hold."""

import re
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import typer

from deploy.cli import reach
from deploy.cli.terminal import Wrong, moment
from shared.storage.database import Database
from shared.storage.unit_of_work import Filter

Service = Annotated[str | None, typer.Option(help="Only what this service set aside; else all.")]
Id = Annotated[
    str | None, typer.Option("--id", help="One event: topic:partition:offset, as `list` shows.")
]
Topic = Annotated[str | None, typer.Option(help="Where the event was.")]
Key = Annotated[str | None, typer.Option(help="The event's key: the id of what it is about.")]
Fingerprint = Annotated[
    str | None, typer.Option(help="The same for the same kind of failure, as `list` shows.")
]
Since = Annotated[
    str | None, typer.Option(help="Set aside since then: 2h or 7d ago, or 2027-03-01T09:00Z.")
]
Until = Annotated[str | None, typer.Option(help="Set aside until then.")]
All = Annotated[bool, typer.Option("--all", help="Everything, where no condition is given.")]

ID = re.compile(r"[^:\s]+:\d+:-?\d+")


def conditions(
    *,
    id: str | None = None,
    topic: str | None = None,
    key: str | None = None,
    fingerprint: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Filter:
    """The conditions in MongoDB's words."""
    if id is not None and not ID.fullmatch(id):
        raise typer.BadParameter(
            f"{id!r} is no id such as scheduling.meetings:3:1207", param_hint="--id"
        )
    given = {"_id": id, "topic": topic, "key": key, "fingerprint": fingerprint}
    where: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    window = {
        bound: moment(text)
        for bound, text in (("$gte", since), ("$lte", until))
        if text is not None
    }
    return {**where, "parked_at": window} if window else where


def narrowed(where: Filter, service: str | None, everything: bool) -> None:
    """What changes something is not meant for everything by an oversight."""
    if not (where or service or everything):
        raise typer.BadParameter(
            "Say which: --id, --key, --fingerprint, --topic, --service, --since, --until; or --all."
        )


async def databases(service: str | None) -> AsyncGenerator[tuple[str, Database]]:
    """The database of every service, or of the one that is named."""
    where = reach.settings()
    async with reach.mongo(where) as client:
        names = await reach.services(client)
    if service is not None and service not in names:
        there = ", ".join(names) or "none yet"
        raise Wrong(f"There is no service {service} in this MongoDB; there are: {there}.")
    for name in [service] if service else names:
        async with reach.database(where, name) as one:
            yield name, one
