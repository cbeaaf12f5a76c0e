"""What is secret in an installation: made at its first start, kept in volumes, never in the checkout."""

import secrets
from pathlib import Path

import typer
from pymongo.uri_parser import parse_uri

from deploy.compose.outside import OPERATOR, BadFile, guests
from deploy.local.keys import jwks
from deploy.local.services import names
from deploy.local.state import state_folder

ISSUED = Path("/run/copse")
"""The volume `secrets`: a folder for each holder. The one-shot jobs see it, and nobody else."""
HELD = Path("/run/holders")
"""Each holder's own volume, with a copy of its folder: all that its container sees."""
ROOT = "copse"
"""MongoDB's first user, who founds the replica set and makes the others."""
MONGO, MONGO_PASSWORD = "mongo", "mongo_password"
MONGO_ADDRESS = "copse_mongo"
KAFKA_PASSWORD = "copse_kafka_password"  # noqa: S105
ADDRESS = "mongodb://{user}:{password}@mongo:27017/?replicaSet=copse&authSource=admin"


def keys() -> None:
    """Make the key that signs tokens, and everybody's passwords, where they are missing."""
    try:
        others = guests()
    except BadFile as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from error
    signing = state_folder()  # COPSE_STATE: a volume that no service sees
    _from_one_folder_for_all()
    _once(ISSUED / MONGO / MONGO_PASSWORD, secrets.token_urlsafe(32))
    for service in names():
        _give(ISSUED / service / "jwks.json", jwks(signing).read_text())
    for user in mongo_users():
        address = ADDRESS.format(user=user, password=secrets.token_urlsafe(32))
        _once(ISSUED / user / MONGO_ADDRESS, address)
    for user in (*mongo_users(), *others):
        _once(ISSUED / user / KAFKA_PASSWORD, secrets.token_urlsafe(32))
    for holder in (MONGO, *mongo_users()):
        _hand_over(holder)
    typer.echo("Keys are in place.")


def mongo_users() -> list[str]:
    """Who has a user in MongoDB: each service, and whoever looks after all of them."""
    return [*names(), OPERATOR]


def mongo_password(user: str) -> str:
    address = (ISSUED / user / MONGO_ADDRESS).read_text()
    return parse_uri(address, warn=False)["password"]


def root_password() -> str:
    return (ISSUED / MONGO / MONGO_PASSWORD).read_text()


def _from_one_folder_for_all() -> None:
    """Earlier versions kept one password, which every service saw: it stays MongoDB's first user's alone."""
    earlier = ISSUED / MONGO_PASSWORD
    if earlier.exists():
        _once(ISSUED / MONGO / MONGO_PASSWORD, earlier.read_text())
    for file in (earlier, ISSUED / "copse_mongo", ISSUED / "jwks.json"):
        file.unlink(missing_ok=True)


def _hand_over(holder: str) -> None:
    try:
        for file in (ISSUED / holder).glob("[!.]*"):
            _give(HELD / holder / file.name, file.read_text())
    except OSError as error:
        typer.echo(f"docker-compose.yml gives `keys` no volume for {holder}: {error}", err=True)
        raise typer.Exit(1) from error


def _once(file: Path, content: str) -> None:
    if not file.exists():
        _give(file, content)


def _give(file: Path, content: str) -> None:
    """Readable inside the containers that are given the folder, whoever they run as; and whole, or not there."""
    file.parent.mkdir(mode=0o755, exist_ok=True)
    unfinished = file.with_name(f".{file.name}")
    unfinished.write_text(content)
    unfinished.chmod(0o444)
    unfinished.replace(file)
