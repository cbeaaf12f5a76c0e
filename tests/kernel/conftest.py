"""The kernel under a sample service: as a process of its own, or in this one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.parts import Parts
from tests.kernel.world import World, a_world
from tests.support.service import Service, a_service


@pytest.fixture
async def world(parts: Parts, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(parts, tmp_path) as one:
        yield one


@pytest.fixture
async def service(mongo: str, tmp_path: Path) -> AsyncIterator[Service]:
    async with a_service("sample", mongo, tmp_path, module="tests.kernel.sample") as one:
        yield one
