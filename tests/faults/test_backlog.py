"""A long past and a long queue: worked off whole, while the service answers. T11 and T15."""

from pathlib import Path

import pytest

from deploy.local.parts import Parts
from tests.faults.backlog import a_backlog_is_worked_off
from tests.faults.newcomer import a_service_is_added
from tests.faults.slow_world import a_slow_world


@pytest.mark.timeout(400)
async def test_a_backlog_for_the_processor_does_not_take_the_loops_breath(
    parts: Parts, tmp_path: Path
) -> None:
    """By the processor's time, so that what else this machine does plays no part."""
    async with a_slow_world(parts, tmp_path) as world:
        breath = await a_backlog_is_worked_off(world, events=20_000)
    assert 0 < breath.stall_p99_cpu < 0.25, breath
    assert breath.slowest_answer < 5, breath


@pytest.mark.timeout(400)
async def test_a_service_added_today_comes_to_know_the_past_while_life_goes_on(
    parts: Parts, tmp_path: Path
) -> None:
    arrival = await a_service_is_added(parts, tmp_path, name="resources", events=5_000)
    assert arrival.live_events > 0
