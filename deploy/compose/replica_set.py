"""mongod becomes a replica set of one, which transactions need."""

import time
from typing import Annotated, Any

import typer
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.compose.keys import ISSUED, MONGO_USER

MEMBER = "mongo:27017"
NOT_YET_INITIALIZED = 94
AUTHENTICATION_FAILED = 18


def replica_set(wait: Annotated[float, typer.Option(help="Seconds to wait for it.")] = 60) -> None:
    """Found the replica set at the first start; at every start, wait until it takes writes."""
    password = (ISSUED / "mongo_password").read_text()
    until = time.monotonic() + wait
    with MongoClient[dict[str, Any]](
        MEMBER,
        username=MONGO_USER,
        password=password,
        directConnection=True,
        serverSelectionTimeoutMS=1000,
    ) as client:
        while not _takes_writes(client):
            if time.monotonic() > until:
                typer.echo(f"{MEMBER} takes no writes after {wait:.0f} s.", err=True)
                raise typer.Exit(1)
            time.sleep(0.2)
    typer.echo("MongoDB takes writes.")


def _takes_writes(client: MongoClient[dict[str, Any]]) -> bool:
    try:
        if client.admin.command("hello")["isWritablePrimary"]:
            client.admin.command("usersInfo", MONGO_USER)  # hello is answered without a password
            return True
        if not _founded(client):
            members = [{"_id": 0, "host": MEMBER}]
            client.admin.command("replSetInitiate", {"_id": "copse", "members": members})
    except OperationFailure as refused:
        if refused.code == AUTHENTICATION_FAILED:
            typer.echo(
                "MongoDB does not take the password of the volume `secrets`: the volumes `mongo` and `secrets` "
                "belong together.",
                err=True,
            )
            raise typer.Exit(1) from refused
    except PyMongoError:
        pass  # not up yet
    return False


def _founded(client: MongoClient[dict[str, Any]]) -> bool:
    try:
        client.admin.command("replSetGetConfig")
    except OperationFailure as refused:
        if refused.code == NOT_YET_INITIALIZED:
            return False
        raise
    return True
