"""Replay, drop, retry: counted unless --yes was given, and noted where it was."""

import getpass
import socket
from typing import Protocol

from deploy.cli.dead_letters.selection import databases
from deploy.cli.terminal import document, say, tell
from shared.storage.database import Database
from shared.storage.unit_of_work import Filter


class Change(Protocol):
    """A function of shared.consuming.dead_letters."""

    async def __call__(
        self, database: Database, where: Filter, *, dry_run: bool = True, by: str = ""
    ) -> int: ...


async def change(
    work: Change, name: str, where: Filter, service: str | None, *, yes: bool, as_json: bool
) -> None:
    """Do it in every service that is meant, or say how many events it would be about."""
    events = {
        one: await work(database, where, dry_run=not yes, by=who())
        async for one, database in databases(service)
    }
    total = sum(events.values())
    if as_json:
        document({"did": name, "done": yes, "events": total, "services": events})
    else:
        each = ", ".join(f"{one} {count}" for one, count in events.items() if count)
        about = f"{total} event{'' if total == 1 else 's'}{f' ({each})' if each else ''}"
        say(f"{name}: {about}" if yes else f"{name} is about {about}.")
    if total and not yes:
        tell("Nothing was changed: add --yes to do it.")


def who() -> str:
    """Who sits at the terminal, for the audit; a container's user may have no name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "somebody"
    return f"{name}@{socket.gethostname()}"
