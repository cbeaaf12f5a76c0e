"""A campaign: load on everything, one disturbance after the other, quiet, and the checker's word."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.docs import system
from deploy.local.system import run
from tests.faults.build import POINTS
from tests.faults.checker import Findings, check
from tests.faults.disturbances import Chaos, Disturbance, Tally
from tests.faults.field import REAL, SAMPLE, Field, a_field
from tests.faults.load import Load
from tests.faults.model import Model
from tests.faults.stories import COMMANDED, TOPICS
from tests.support.parts import start_parts

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
async def everything(folder: Path, twice: Collection[str] = EVERYTHING) -> AsyncIterator[Field]:
    """All services and the sample, on parts of their own."""
    with await asyncio.to_thread(start_parts, folder) as parts:
        await asyncio.to_thread(run, "deploy.topics", "apply", COPSE_KAFKA=parts.kafka)
        async with a_field(folder, parts, EVERYTHING, twice, **SETTINGS) as field:
            yield field


async def campaign(
    field: Field,
    steps: Callable[[Chaos], Iterable[Step]],
    *,
    seed: int,
    minutes: float,
    hurry: float = 0.0,
    pause: float = 0.3,
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
        model = await load.stop()
    finally:
        await load.abandon()
    tell(
        f"{model.commands} commands, {model.events} events acknowledged; waiting until all is quiet …"
    )
    undrained = ""
    try:
        await field.ready(300)
        await field.drained(300)
    except AssertionError as error:
        undrained = f"{error}: {await field.under_way()}"
    return Report(
        chaos.tally, await check(field, model), model, time.monotonic() - began, undrained
    )


LISTENING = tuple(
    service.name for service in system.services() if service.on.topics.intersection(TOPICS)
)
TOGETHER = 4
WHO = {
    "consumer": (*LISTENING, SAMPLE),
    "relay": (*COMMANDED, SAMPLE),
    "command": (*COMMANDED, SAMPLE),
    "group": (SAMPLE, *COMMANDED),
}
"""Who comes to the points of a kind under the load there is."""


def each_point(times: int = 1) -> list[tuple[str, str]]:
    """Each crash point so many times, in the services that come to it in turn."""
    meant: list[tuple[str, str]] = []
    for place, point in enumerate(POINTS):
        services = WHO[point.partition(".")[0]]
        meant += [(point, services[(place + n) % len(services)]) for n in range(times)]
    return meant


def rounds(meant: Iterable[tuple[str, str]], together: int) -> list[dict[str, str]]:
    """So many services die at a time, at most, each at one point."""
    found: list[dict[str, str]] = []
    for point, service in meant:
        room = (one for one in found if service not in one and len(one) < together)
        one = next(room, None)
        if one is None:
            found.append(one := {})
        one[service] = point
    return found


def crashes(chaos: Chaos, each: int) -> list[Step]:
    """Each crash point so many times; up to four services die at a time."""
    meant = each_point(each)
    chaos.dice.shuffle(meant)
    return [
        (
            f"crashes side by side, {', '.join(f'{name} {point}' for name, point in one.items())}",
            chaos.together(*(chaos.at(point, name) for name, point in one.items())),
        )
        for one in rounds(meant, TOGETHER)
    ]


def short(chaos: Chaos) -> Iterator[Step]:
    """Each crash point once, several services at a time; and one of everything else, five seconds of it.

    What a slow machine did not come to is reached at the sample, where everything happens most often.
    """
    parts = chaos.field.parts
    kafka, mongo, smtp = parts.kafka_process, parts.mongo_process, parts.mailbox_process
    crash_rounds = [
        chaos.together(*(chaos.at(point, name, patience=40) for name, point in one.items()))
        for one in rounds(each_point(), len(EVERYTHING))
    ]
    late = chaos.at("consumer.before-transaction", SAMPLE, how="SIGSTOP", patience=40)
    yield from [
        *[("crashes side by side", one) for one in crash_rounds],
        ("SIGSTOP of a member", late),
        (
            "without kafka and smtp for 5 s",
            chaos.together(chaos.without(kafka, 5), chaos.without(smtp, 5)),
        ),
        (
            "kill -9 of mongod",
            chaos.at("consumer.before-commit", SAMPLE, victim="mongo", patience=40),
        ),
        ("unanswering mongod for 5 s", chaos.without(mongo, 5, paused=True)),
        ("stepdown", chaos.step_down),
        ("members 1→3→2", chaos.members(SAMPLE, 3)),
    ]
    for point in POINTS:
        if not chaos.tally.hits[point]:
            yield f"{point}, again", chaos.at(point, SAMPLE, patience=60)


def long(chaos: Chaos) -> list[Step]:
    """Everything of the table, in the order that the seed gives."""
    parts = chaos.field.parts
    kafka, mongo, smtp = parts.kafka_process, parts.mongo_process, parts.mailbox_process
    steps = crashes(chaos, 5)
    steps += [(f"kill -9 of a service, {name}", chaos.killing(name)) for name in EVERYTHING]
    steps += [
        ("kill -9 of kafka", chaos.killing_part(kafka)),
        ("kill -9 of mongod", chaos.killing_part(mongo)),
    ] * 2
    steps += [("kill -9 of smtp", chaos.killing_part(smtp))] * 2
    for point, service in (
        ("relay.half-sent", SAMPLE),
        ("relay.sent-not-acknowledged", "membership"),
        ("consumer.before-offsets", "notifications"),
    ):
        steps.append((f"kill -9 of kafka, at {point}", chaos.at(point, service, victim="kafka")))
    for point, service in (
        ("consumer.before-commit", SAMPLE),
        ("consumer.after-commit", "notifications"),
        ("command.before-commit", "membership"),
        ("command.after-commit", "scheduling"),
    ):
        steps.append((f"kill -9 of mongod, at {point}", chaos.at(point, service, victim="mongo")))
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
        steps.append(
            (
                f"SIGSTOP of a member, at {point} of {service}",
                chaos.at(point, service, how="SIGSTOP"),
            )
        )
    chaos.dice.shuffle(steps)
    halfway = len(steps) // 2
    steps.insert(halfway, ("members 1→3→2, of the sample", chaos.members(SAMPLE)))
    steps.insert(halfway, ("members 1→3→2, of notifications", chaos.members("notifications")))
    return steps
