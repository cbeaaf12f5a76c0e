"""Pages that people write are held to the code they speak of."""

import re
from pathlib import Path

import pytest

from deploy.docs import messages, system
from shared.consuming import parked
from shared.contracts.notifications import Audience, NotificationRequested
from shared.types.limits import DEDUPLICATION_DAYS

# docs/integrating.md


GUIDE = (system.ROOT / "docs/integrating.md").read_text()


def test_the_guide_tells_every_field_of_a_request():
    fields = set(NotificationRequested.model_fields)
    fields |= {f"audience.{name}" for name in Audience.model_fields}
    assert set(re.findall(r"^\| `([\w.]+)` \| (?:needed)? ?\|", GUIDE, re.MULTILINE)) == fields


def test_the_guide_tells_what_becomes_of_a_broken_event():
    seconds = [int(wait.total_seconds()) for wait in parked.WAITS]
    assert seconds == [10, 30, 120, 600, 3600]
    assert "again after 10 s, 30 s, 2 min, 10 min and 1 h, then dead" in GUIDE
    assert all(f"`{header}`" in GUIDE for header in messages.ERRORS)


def test_the_guide_tells_how_long_ids_are_remembered():
    assert f"For {DEDUPLICATION_DAYS} days" in GUIDE
    kept = int(system.topics()["external.events"].settings["retention.ms"])
    assert kept == DEDUPLICATION_DAYS * 86_400_000


# docs/decisions

PARTS = ["Context", "Decision", "Consequences", "Alternatives", "Check"]


@pytest.mark.parametrize("page", sorted((system.ROOT / "docs/decisions").glob("*.md")), ids=str)
def test_a_decision_has_its_parts_and_the_checks_it_names(page: Path):
    text = page.read_text()
    assert text.startswith(f"# {int(page.name[:4])}. ")
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == PARTS
    named = re.findall(
        r"`((?:tests|deploy|docs|shared|services)/[\w./-]+|[\w-]+\.(?:toml|yml))`", text
    )
    assert named, "a decision that nothing holds is a wish"
    for name in named:
        assert (system.ROOT / name).exists(), f"{name} is gone"
