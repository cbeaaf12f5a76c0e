"""One-shot jobs: safe to run at every start, as what is right already is left alone."""

import typer

from deploy.compose import keys, replica_set

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(keys.keys)
app.command()(replica_set.replica_set)

if __name__ == "__main__":
    app()
