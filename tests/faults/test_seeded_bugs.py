"""The checker before what it checks: each promise broken on purpose is seen, and the same run unbroken is clean."""

from dataclasses import dataclass

import pytest

from deploy.local.parts import Parts
from deploy.local.throwaway import throwaway
from tests.faults.bugs import BUGS
from tests.faults.checker import Findings, check
from tests.faults.disturbances import Chaos
from tests.faults.field import SAMPLE, a_field
from tests.faults.load import Load

EVENTS = 60  # acknowledged before, and again after the fault


@dataclass(frozen=True)
class Trial:
    """Under which bug, where the process is killed meanwhile, and what the checker must find."""

    bug: str
    crash: str
    found: set[str]


TRIALS = (
    Trial("", "consumer.inside-transaction", set()),
    Trial("state-after-watermark", "consumer.inside-transaction", {"lost"}),
    Trial("no-deduplication", "consumer.before-offsets", {"doubled"}),
    Trial("forgotten-before-sent", "relay.before-send", {"lost"}),
    Trial("published-in-any-order", "relay.before-send", {"inverted"}),
    Trial("applied-in-any-order", "consumer.inside-transaction", {"inverted"}),
    Trial("answered-before-the-commit", "group.before-commit", {"lost"}),
    Trial("refused-and-kept", "group.before-commit", {"doubled"}),
)


async def run(trial: Trial, parts: Parts) -> Findings:
    """The sample under load, killed once at a point, started again, and checked when all is quiet."""
    number = TRIALS.index(trial)
    more = {"SAMPLE_NAME": f"seeded{number}", "COPSE_CLAIM_SECONDS": "5", "COPSE_BUG": trial.bug}
    with throwaway() as folder:
        async with a_field(folder, parts, [SAMPLE], **more) as field:
            load, chaos = Load(field, seed=number, pause=0.2), Chaos(field, seed=number)
            load.start(stories=0)
            try:
                await load.acknowledged(EVENTS)
                await chaos.do("crash", chaos.at(trial.crash, SAMPLE, patience=60))
                await load.acknowledged(EVENTS)
                model = await load.stop()
            finally:
                await load.abandon()
            assert chaos.tally.hits[trial.crash], f"{trial.crash} was never reached"
            await field.drained(120)
            return await check(field, model)


def test_every_seeded_bug_has_its_trial() -> None:
    assert {trial.bug for trial in TRIALS} == {"", *BUGS}


@pytest.mark.timeout(400)  # eight seconds on a machine that does nothing else
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.bug or "no-bug")
async def test_the_checker_sees_what_a_seeded_bug_does(trial: Trial, parts: Parts) -> None:
    findings = await run(trial, parts)
    assert findings.wrong.keys() >= trial.found, findings
    assert bool(findings.wrong) == bool(trial.bug), findings
