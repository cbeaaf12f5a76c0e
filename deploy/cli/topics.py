"""copse topics: Kafka's topics beside those that deploy/topics.yaml declares."""

from typing import Annotated

import typer

from deploy.cli.reach import settings
from deploy.cli.terminal import Json, Wrong, answering, document, say, tell
from deploy.topics.apply import Plan, carry_out, compare, connected, look
from deploy.topics.declared import BadFile, declared

app = typer.Typer(no_args_is_help=True, help="Kafka's topics and deploy/topics.yaml.")

Replication = Annotated[
    int, typer.Option(envvar="COPSE_TOPIC_REPLICATION", min=1, help="Copies of each topic.")
]
Wait = Annotated[float, typer.Option(help="Seconds to wait for a broker.")]


@app.command()
@answering
async def check(replication: Replication = 1, wait: Wait = 5, json: Json = False) -> bool:
    """Say what differs from deploy/topics.yaml; exit code 1 when something does."""
    plan = await _plan(replication, wait, apply=False)
    _answer(plan, ("missing", "different"), json)
    return plan.nothing_to_do


@app.command()
@answering
async def apply(replication: Replication = 1, wait: Wait = 60, json: Json = False) -> bool:
    """Make topics as declared: creates and changes, deletes nothing, moves no key elsewhere."""
    plan = await _plan(replication, wait, apply=True)
    _answer(plan, ("created", "changed"), json)
    return not plan.refused


async def _plan(replication: int, wait: float, *, apply: bool) -> Plan:
    try:
        wanted = declared(replication)
    except BadFile as error:
        raise Wrong(str(error)) from error
    where = settings()
    tell(f"Kafka at {where.kafka}")
    async with connected(where.kafka, wait, **where.kafka_access()) as admin:
        plan = compare(wanted, await look(admin, wanted))
        if apply:
            await carry_out(admin, plan, wait)
    return plan


def _answer(plan: Plan, words: tuple[str, str], as_json: bool) -> None:
    new, changed = words
    if as_json:
        names = [topic.name for topic in plan.missing]
        return document({new: names, changed: plan.changes, "refused": plan.refused})
    for topic in plan.missing:
        say(f"{new}  {topic.name} (partitions: {topic.partitions})")
    for change in plan.changes:
        say(f"{changed}  {change}")
    for refusal in plan.refused:
        say(f"refused  {refusal}")
    if plan.nothing_to_do:
        say("Every topic is as declared.")
    return None
