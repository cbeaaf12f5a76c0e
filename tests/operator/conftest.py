"""One system at work for all that an operator tries."""

from collections.abc import AsyncIterator

import pytest

from tests.operator.desk import Work, a_system


@pytest.fixture(scope="session")
async def work() -> AsyncIterator[Work]:
    async with a_system() as one:
        yield one
