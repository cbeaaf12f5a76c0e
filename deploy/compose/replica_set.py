"""mongod becomes a replica set of one, which transactions need; each service has a user of its own there."""

import time
from typing import Annotated, Any

import typer
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.compose.keys import ROOT, mongo_password, mongo_users, root_password
from deploy.compose.outside import OPERATOR

MEMBER = "mongo:27017"
NOT_YET_INITIALIZED = 94
AUTHENTICATION_FAILED = 18
EVERYTHING = ("readWriteAnyDatabase", "dbAdminAnyDatabase", "clusterMonitor", "backup")
"""What looking after all services takes, backup and restore among it; but no user to give rights to."""

Client = MongoClient[dict[str, Any]]


def replica_set(wait: Annotated[float, typer.Option(help="Seconds to wait for it.")] = 60) -> None:
    """Found the replica set at the first start; at every start, wait until it takes writes, and make its users."""
    until = time.monotonic() + wait
    with Client(
        MEMBER,
        username=ROOT,
        password=root_password(),
        directConnection=True,
        serverSelectionTimeoutMS=1000,
    ) as client:
        while not _takes_writes(client):
            if time.monotonic() > until:
                typer.echo(f"{MEMBER} takes no writes after {wait:.0f} s.", err=True)
                raise typer.Exit(1)
            time.sleep(0.2)
        for user in mongo_users():
            let_in(client, user, mongo_password(user))
    typer.echo(f"MongoDB takes writes, and lets in {', '.join(mongo_users())}.")


def roles(user: str) -> list[dict[str, str]]:
    """A service sees the database of its name, and no other."""
    if user == OPERATOR:
        return [{"role": role, "db": "admin"} for role in EVERYTHING]
    return [{"role": "readWrite", "db": user}]


def let_in(client: Client, user: str, password: str) -> None:
    """The user has exactly this password and these roles, whatever was before."""
    there = client.admin.command("usersInfo", user)["users"]
    command = "updateUser" if there else "createUser"
    client.admin.command(command, user, pwd=password, roles=roles(user))


def _takes_writes(client: Client) -> bool:
    try:
        if client.admin.command("hello")["isWritablePrimary"]:
            client.admin.command("usersInfo", ROOT)  # hello is answered without a password
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


def _founded(client: Client) -> bool:
    try:
        client.admin.command("replSetGetConfig")
    except OperationFailure as refused:
        if refused.code == NOT_YET_INITIALIZED:
            return False
        raise
    return True
