"""Notifications with a mail server of the test's own, on real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.notifications.post import Post
from tests.service.notifications.region import Region
from tests.support.service import Service, a_service

SETTINGS = {
    "mail_from": "Copse <copse@copse.example>",
    "public_url": "https://copse.example",
    "smtp_timeout_seconds": 5,
}


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    opened = await Post().open()
    yield opened
    await opened.close()


@pytest.fixture
async def service(mongo: str, tmp_path: Path, post: Post) -> AsyncIterator[Service]:
    async with a_service(
        "notifications", mongo, tmp_path, smtp_port=post.port, **SETTINGS
    ) as started:
        yield started


@pytest.fixture
def region(service: Service, post: Post) -> Region:
    return Region(service, post)
