"""One region for all stories; every story brings its own people and communities."""

from collections.abc import AsyncIterator

import pytest

from tests.system.region import Region, a_region


@pytest.fixture(scope="session")
async def region() -> AsyncIterator[Region]:
    async with a_region() as one:
        yield one
