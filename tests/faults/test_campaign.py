"""The services as they run, and the sample, under one of each fault: T1, T2, T6, T7, T8, T14 in small."""

import pytest

from deploy.local.throwaway import throwaway
from tests.faults.build import POINTS
from tests.faults.campaign import campaign, everything, short
from tests.faults.disturbances import OUT_OF_REACH
from tests.faults.field import SAMPLE

FENCED = "another member took this partition further"


@pytest.mark.timeout(900)  # two minutes on a machine that does nothing else
async def test_a_short_campaign_loses_doubles_and_reorders_nothing() -> None:
    with throwaway() as folder:
        async with everything(folder, twice=[SAMPLE, "notifications"]) as field:
            if field.parts.mongo_process.pid is None:
                pytest.skip(f"mongod: {OUT_OF_REACH}")
            report = await campaign(field, short, seed=7, minutes=10)
            late = "".join(log.read_text() for log in (folder / "logs").glob("sample*.log")).count(
                FENCED
            )
    assert report.wrong == {}
    assert {point for point in POINTS if not report.tally.hits[point]} == set()
    assert report.tally.kills.total() >= len(POINTS) - 1  # one point is where a member is stopped
    never_stopped = report.tally.missed["consumer.before-transaction"]
    assert late or never_stopped, "nobody was stopped for long enough to come back late"
    assert report.model.events > 200
    assert report.findings.mails_sent > 20
