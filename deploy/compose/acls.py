"""One-shot job: Kafka's users, their passwords, and what each may do: python -m deploy.compose.acls"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest
from aiokafka.protocol.api import Request

from deploy.compose import scram
from deploy.compose.keys import ISSUED, KAFKA_PASSWORD
from deploy.compose.outside import BadFile
from deploy.compose.rights import Right, rights
from deploy.topics.apply import Unreachable, connected

LITERAL, PREFIXED, ALLOW, ANY = 3, 4, 3, 1  # Kafka's codes
EVERYWHERE = "*"
Entry = tuple[int, str, int, str, str, int, int]
"""A right as Kafka keeps it: kind, name, pattern, principal, host, operation, permission."""


def acls(
    kafka: Annotated[str, typer.Option(help="A listener where one needs no password.")],
    wait: Annotated[float, typer.Option(help="Seconds to wait for a broker.")] = 60,
) -> None:
    """Make Kafka's users and their rights what contracts, handlers and outside.yaml say; others end."""
    try:
        wanted = rights()
        passwords = {user: _password(user) for user in sorted({right.user for right in wanted})}
        asyncio.run(apply(kafka, wait, wanted, passwords))
    except (BadFile, Unreachable, KafkaError, OSError) as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from error


async def apply(
    kafka: str, wait: float, wanted: Iterable[Right], passwords: Mapping[str, str]
) -> None:
    """First who goes, then who comes: at no moment is more allowed than before or after."""
    entries = {entry(right) for right in wanted}
    async with connected(kafka, wait) as admin:
        there = await _entries(admin)
        users = await _users(admin)
        gone = [(name, kind) for name, kind in users if (name, kind) not in _named(passwords)]
        for one in sorted(there - entries):
            await _ask(admin, DeleteAclsRequest(*one))
        for result in (await _ask(admin, scram.Alter(dict(passwords), gone))).results:
            _raise_for(result[1], result[2])
        for one in sorted(entries - there):
            for code, message in (await _ask(admin, CreateAclsRequest(*one))).creation_responses:
                _raise_for(code, message)
    for name, _ in gone:
        typer.echo(f"{name} is let in no longer")
    told = f"{len(entries - there)} new, {len(there - entries)} taken back"
    typer.echo(f"{len(passwords)} users, {len(entries)} rights ({told}).")


def entry(right: Right) -> Entry:
    pattern = PREFIXED if right.prefix else LITERAL
    principal = f"User:{right.user}"
    return right.kind, right.name, pattern, principal, EVERYWHERE, right.operation, ALLOW


def _named(passwords: Mapping[str, str]) -> set[tuple[str, int]]:
    return {(name, scram.SHA_512) for name in passwords}


def _password(user: str) -> str:
    return (ISSUED / user / KAFKA_PASSWORD).read_text()


async def _entries(admin: AIOKafkaAdminClient) -> set[Entry]:
    everything: Any = (ANY, None, ANY, None, None, ANY, ANY)
    answer = await _ask(admin, DescribeAclsRequest(*everything))
    _raise_for(answer.error_code, answer.error_message)
    return {
        (kind, name, pattern, *one)
        for kind, name, pattern, ones in answer.resources
        for one in ones
    }


async def _users(admin: AIOKafkaAdminClient) -> list[tuple[str, int]]:
    answer = await _ask(admin, scram.Describe())
    _raise_for(answer.error_code, answer.error_message)
    return [(user[0], credential[0]) for user in answer.users for credential in user[3]]


async def _ask(admin: Any, request: Request[Any]) -> Any:
    return await admin._send_request(request)  # it offers nothing for rights


def _raise_for(code: int, message: str | None) -> None:
    if code:
        raise for_code(code)(message)


if __name__ == "__main__":
    typer.run(acls)
