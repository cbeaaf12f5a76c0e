"""copse token: a bearer token of the system on this machine."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer
from email_validator import EmailNotValidError, validate_email

from deploy.local.state import state_folder
from deploy.local.tokens import OPERATOR, mint


class Role(StrEnum):
    operator = "operator"


SCOPES = {Role.operator: OPERATOR}


def token(
    address: Annotated[str, typer.Argument(help="Whom it is for, such as ann@example.org.")],
    role: Annotated[Role | None, typer.Option(help="What the person is besides a member.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="For a machine client; repeat it.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Taken from the address unless given.")] = None,
    days: Annotated[float, typer.Option(min=0.0001, max=366, help="How long it is valid.")] = 1,
) -> None:
    """Print a bearer token for the system on this machine."""
    try:
        person = validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise typer.BadParameter(str(error), param_hint="ADDRESS") from error
    scopes = [*(scope or []), *([SCOPES[role]] if role else [])]
    valid_for = timedelta(days=days)
    typer.echo(mint(state_folder(), person, name=name, scopes=scopes, valid_for=valid_for))
