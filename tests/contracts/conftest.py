"""What the contract tests share."""

from collections.abc import Iterator

import pytest

from shared.events.event import EVENTS


@pytest.fixture(autouse=True)
def events_of_these_tests_are_forgotten() -> Iterator[None]:
    """So that no other test meets an event that only this file knows."""
    before = dict(EVENTS)
    yield
    EVENTS.clear()
    EVENTS.update(before)
