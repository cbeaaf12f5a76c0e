"""One-shot job: safe to run at every start, as what is right already is left alone."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from deploy.topics.apply import Unreachable, carry_out, compare, connected, look
from deploy.topics.declared import BadFile, declared
from shared.runtime.settings import KafkaSettings, load

DIFFERENT, WRONG_FILE, UNREACHABLE = 1, 2, 3  # exit codes


class Action(StrEnum):
    apply = "apply"
    check = "check"


def main(
    action: Annotated[
        Action,
        typer.Argument(help="apply makes it so; check only tells, and fails on a difference."),
    ],
    kafka: Annotated[str, typer.Option(envvar="COPSE_KAFKA", help="Any broker's host:port.")],
    replication: Annotated[
        int, typer.Option(envvar="COPSE_TOPIC_REPLICATION", min=1, help="Copies of each topic.")
    ] = 1,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a broker.")] = 60,
) -> None:
    """Make Kafka's topics what deploy/topics.yaml says."""
    try:
        in_order = asyncio.run(work(action, kafka, replication, wait))
    except (BadFile, Unreachable, KafkaError) as error:
        typer.echo(error, err=True)
        raise typer.Exit(WRONG_FILE if isinstance(error, BadFile) else UNREACHABLE) from error
    if not in_order:
        raise typer.Exit(DIFFERENT)


async def work(action: Action, kafka: str, replication: int = 1, wait: float = 60) -> bool:
    """Whether everything is, now, as declared."""
    topics = declared(replication)
    async with connected(kafka, wait, **load(KafkaSettings).kafka_access()) as admin:
        plan = compare(topics, await look(admin, topics))
        if action is Action.apply:
            await carry_out(admin, plan, wait)
    done = {Action.apply: ("created", "changed"), Action.check: ("missing", "different")}[action]
    for topic in plan.missing:
        typer.echo(f"{done[0]}  {topic.name} (partitions: {topic.partitions})")
    for change in plan.changes:
        typer.echo(f"{done[1]}  {change}")
    for refusal in plan.refused:
        typer.echo(f"refused  {refusal}", err=True)
    if plan.nothing_to_do:
        typer.echo(f"All {len(topics)} topics are as declared.")
    return plan.nothing_to_do or (action is Action.apply and not plan.refused)


if __name__ == "__main__":
    typer.run(main)
