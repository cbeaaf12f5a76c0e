"""One service: real MongoDB, real HTTP, Kafka in memory. The folder's name says which."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.service import Service, a_service


@pytest.fixture
async def service(
    request: pytest.FixtureRequest, mongo: str, tmp_path: Path
) -> AsyncIterator[Service]:
    """The service that the test's folder is named after."""
    async with a_service(Path(request.path).parent.name, mongo, tmp_path) as started:
        yield started
