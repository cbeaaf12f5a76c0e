"""Bad input on every topic of the services: the short run. The long one is `python -m tests.bad_input`."""

import asyncio

import pytest

from deploy.local.throwaway import throwaway
from tests.bad_input.mutations import MUTATIONS
from tests.bad_input.report import Report
from tests.bad_input.run import run
from tests.bad_input.sending import told
from tests.support.parts import start_system

RECORDS = 100  # on every topic: each kind of mutation comes at least twice
SEED = 4


@pytest.fixture(scope="module")
async def report() -> Report:
    with throwaway() as folder:
        settings = {"COPSE_TEST_CLOCK": "1"}
        with await asyncio.to_thread(start_system, folder, settings=settings) as system:
            return await run(system, RECORDS, SEED, patience=90)


@pytest.mark.timeout(300)
async def test_every_record_is_applied_skipped_or_parked_once_and_the_good_ones_take_effect(
    report: Report,
) -> None:
    assert not report.wrong, "\n".join(report.wrong[:20])


async def test_all_kinds_of_bad_input_were_sent(report: Report) -> None:
    assert {*told(report.sent)} >= MUTATIONS.keys()
    kept = {name.rpartition(",")[0] for name in report.sent.batches.values()}
    assert kept >= {"gzip", "snappy", "lz4", "zstd"}, (
        "batches that brokers keep and aiokafka cannot read"
    )
    assert report.sent.refused, "batches that brokers refuse"
    assert report.dead_letters > len(MUTATIONS)


async def test_memory_stays_flat(report: Report) -> None:
    grown = {name: (after - before, most) for name, (before, after, most) in report.memory.items()}
    assert all(by < 120 and most < 400 for by, most in grown.values()), grown
