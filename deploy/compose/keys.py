"""What is secret in an installation: made at its first start, kept in volumes, never in the checkout."""

import secrets
from pathlib import Path

import typer

from deploy.local.keys import jwks
from deploy.local.state import state_folder

ISSUED = Path("/run/copse")
MONGO_USER = "copse"
MONGO_ADDRESS = "mongodb://{user}:{password}@mongo:27017/?replicaSet=copse&authSource=admin"


def keys() -> None:
    """Make the key that signs tokens, and MongoDB's password, where they are missing."""
    signing = state_folder()  # COPSE_STATE: a volume that no service sees
    _give("jwks.json", jwks(signing).read_text())
    password = ISSUED / "mongo_password"
    if not password.exists():
        _give(password.name, secrets.token_urlsafe(32))
    address = MONGO_ADDRESS.format(user=MONGO_USER, password=password.read_text())
    _give("copse_mongo", address)
    typer.echo("Keys are in place.")


def _give(name: str, content: str) -> None:
    """Readable inside the containers that are given the volume, whoever they run as; and whole, or not there."""
    unfinished = ISSUED / f".{name}"
    unfinished.write_text(content)
    unfinished.chmod(0o444)
    unfinished.replace(ISSUED / name)
