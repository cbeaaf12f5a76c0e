"""A campaign: load on everything, one disturbance after the other, quiet, and the checker's word."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import ports
from deploy.local.parts import Parts
from deploy.local.system import run
from tests.faults.build import POINTS
from tests.faults.checker import Findings, check
from tests.faults.disturbances import Chaos, Disturbance, Tally
from tests.faults.field import REAL, SAMPLE, Field, a_field
from tests.faults.load import Load
from tests.faults.model import Model

EVERYTHING = (*REAL, SAMPLE)
SETTINGS = {
    "COPSE_CLAIM_SECONDS": "10",  # a command whose process died is taken up again in this time
    "COPSE_MAIL_LEASE_SECONDS": "20",  # after a kill in the middle of a send the truth is known in this time
    "COPSE_LOG_LEVEL": "WARNING",
}
Step = tuple[str, Disturbance]


@dataclass
class Report:
    """What a campaign came to."""

    tally: Tally
    findings: Findings
    model: Model
    seconds: float
    undrained: str = ""

    @property
    def wrong(self) -> dict[str, list[str]]:
        """Every violation, by its kind."""
        more = {"not as it should": self.tally.wrong} if self.tally.wrong else {}
        if self.undrained:
            more["never quiet"] = [self.undrained]
        return {**self.findings.wrong, **more}


@asynccontextmanager
async def everything(folder: Path, each: int = 2) -> AsyncIterator[Field]:
    """All services and the sample, on parts of their own."""
    on = ports.free()
    with await asyncio.to_thread(Parts.start, folder, on) as parts:
        await asyncio.to_thread(run, "deploy.topics", "apply", COPSE_KAFKA=parts.kafka)
        async with a_field(folder, parts, EVERYTHING, each, **SETTINGS) as field:
            yield field


async def campaign(
    field: Field,
    steps: Callable[[Chaos], Sequence[Step]],
    *,
    seed: int,
    minutes: float,
    hurry: float = 0.0,
    pause: float = 0.1,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Under load, step by step, until the steps or the minutes are over."""
    began = time.monotonic()
    chaos, load = Chaos(field, seed, tell), Load(field, seed, pause)
    await load.prepare()
    load.start()
    try:
        for name, disturbance in steps(chaos):
            if time.monotonic() - began > minutes * 60:
                tell("The time is over.")
                break
            await chaos.do(name, disturbance, hurry=chaos.dice.random() < hurry)
        await chaos.mend()
        await field.caught_up(120)
        model = await load.stop()
    finally:
        await load.abandon()
    tell(
        f"{model.commands} commands, {model.events} events acknowledged; waiting until all is quiet …"
    )
    undrained = ""
    try:
        await field.drained()
    except AssertionError as error:
        undrained = f"{error}: {await field.under_way()}"
    return Report(
        chaos.tally, await check(field, model), model, time.monotonic() - began, undrained
    )


LISTENING, PUBLISHING, COMMANDED = (
    ("scheduling", "notifications", "resources", SAMPLE),
    ("membership", "scheduling", SAMPLE),
    ("membership", "scheduling", SAMPLE),
)
WHO = {"consumer": LISTENING, "relay": PUBLISHING, "command": COMMANDED}


def crashes(chaos: Chaos, each: int) -> list[Step]:
    """Each crash point so many times, in the services that come to it in turn."""
    steps: list[Step] = []
    for place, point in enumerate(POINTS):
        services = WHO[point.partition(".")[0]]
        for n in range(each):
            service = services[(place + n) % len(services)]
            steps.append((f"crash at {point} in {service}", chaos.at(point, service)))
    return steps


def long(chaos: Chaos) -> list[Step]:
    """Everything of the table, in the order that the seed gives."""
    parts = chaos.field.parts
    kafka, mongo, smtp = parts.kafka_process, parts.mongo_process, parts.mailbox_process
    steps = crashes(chaos, 5)
    steps += [(f"kill {name}", chaos.killing(name)) for name in EVERYTHING * 2]
    steps += [
        ("kill kafka", chaos.killing_part(kafka)),
        ("kill mongod", chaos.killing_part(mongo)),
    ] * 2
    steps += [("kill smtp", chaos.killing_part(smtp))] * 2
    for point, service in (
        ("relay.half-sent", SAMPLE),
        ("relay.sent-not-acknowledged", "membership"),
        ("consumer.before-offsets", "notifications"),
    ):
        steps.append((f"kill kafka at {point}", chaos.at(point, service, victim="kafka")))
    for point, service in (
        ("consumer.before-commit", SAMPLE),
        ("consumer.after-commit", "notifications"),
        ("command.before-commit", "membership"),
        ("command.after-commit", "scheduling"),
    ):
        steps.append((f"kill mongod at {point}", chaos.at(point, service, victim="mongo")))
    for name, part in (("kafka", kafka), ("mongod", mongo), ("smtp", smtp)):
        steps += [
            (f"without {name} for {seconds} s", chaos.without(part, seconds)) for seconds in (5, 30)
        ]
        steps += [
            (f"unanswering {name} for {seconds} s", chaos.without(part, seconds, paused=True))
            for seconds in (5, 30)
        ]
    steps += [("stepdown", chaos.step_down)] * 4
    for point, service in (
        ("consumer.before-transaction", SAMPLE),
        ("consumer.before-commit", SAMPLE),
        ("consumer.before-commit", "notifications"),
        ("consumer.before-offsets", "scheduling"),
        ("relay.before-send", SAMPLE),
    ):
        steps.append((f"stopped at {point} in {service}", chaos.at(point, service, how="SIGSTOP")))
    chaos.dice.shuffle(steps)
    halfway = len(steps) // 2
    steps.insert(halfway, ("members of the sample", chaos.members(SAMPLE)))
    steps.insert(halfway, ("members of notifications", chaos.members("notifications")))
    return steps
