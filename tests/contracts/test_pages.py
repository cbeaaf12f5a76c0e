"""Pages that people write are held to the code they speak of."""

import re
from datetime import date
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
DECISIONS = system.ROOT / "docs/decisions"
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"))
STATUS = re.compile(r"accepted|(?:amended|superseded) by (\d+)")


def index() -> list[dict[str, str]]:
    """The rows of the index of decisions."""
    row = r"^\| (?P<number>\d+) \| \[(?P<title>.+)\]\((?P<file>.+)\) \| (?P<date>.+) \| (?P<status>.+) \|$"
    return [
        found.groupdict() for found in re.finditer(row, (DECISIONS / "README.md").read_text(), re.M)
    ]


def test_the_index_of_decisions_has_them_all_with_date_and_status():
    rows = index()
    assert [row["file"] for row in rows] == [record.name for record in RECORDS]
    for row in rows:
        title = f"# {row['number']}. {row['title']}\n"
        assert (DECISIONS / row["file"]).read_text().startswith(title)
        assert STATUS.fullmatch(row["status"]), row
    days = [date.fromisoformat(row["date"]) for row in rows]
    assert days == sorted(days)


@pytest.mark.parametrize("row", index(), ids=lambda row: row["number"])
def test_a_decision_that_was_changed_says_so_itself(row: dict[str, str]):
    """Under its title, in the words of the index; and what changed it is a later one."""
    under_the_title = (DECISIONS / row["file"]).read_text().split("\n\n")[1]
    marked = re.match(r"\*\*(Amended|Superseded) by \[(\d+)\]\(([\w.-]+)\)", under_the_title)
    said = f"{marked[1].lower()} by {marked[2]}" if marked else "accepted"
    assert said == row["status"]
    if marked:
        later = DECISIONS / marked[3]
        assert later in RECORDS
        assert int(later.name[:4]) == int(marked[2]) > int(row["number"])


@pytest.mark.parametrize("page", RECORDS, ids=lambda page: page.name)
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
