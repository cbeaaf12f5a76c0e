"""copse COMMAND: results on stdout, everything else on stderr."""

import typer

from deploy.cli import topics
from deploy.cli.backup.commands import backup, restore
from deploy.cli.dead_letters.commands import dead, parked
from deploy.cli.events import commands as events
from deploy.cli.status.command import status
from deploy.cli.token import token

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(status)
app.add_typer(dead, name="dead")
app.add_typer(parked, name="parked")
app.add_typer(events.app, name="events")
app.add_typer(topics.app, name="topics")
app.command()(backup)
app.command()(restore)
app.command()(token)


@app.callback()
def copse() -> None:
    """Communities of practice, from the terminal.

    Finds the system that `make up` started; COPSE_KAFKA and COPSE_MONGO name another.

    Exit codes: 0 fine, 1 something is wrong or degraded, 2 it was asked wrongly.
    """


if __name__ == "__main__":
    app(prog_name="copse")
