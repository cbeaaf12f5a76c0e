"""The alerts, the dashboard and the runbook, as they stand in the repository."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs" / "runbook.md"
SCRAPED = {"job", "instance", "service"}  # labels that Prometheus adds


def scrape() -> Any:
    return yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())


def rules() -> list[Any]:
    read = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
    return [rule for group in read["groups"] for rule in group["rules"]]


def dashboard() -> Any:
    return json.loads((ROOT / "deploy/grafana/copse.json").read_text())


def questions() -> Iterator[tuple[str, str, str]]:
    """Every expression somebody looks at: where, what, and the legend of it."""
    for rule in rules():
        yield rule["alert"], rule["expr"], " ".join(rule["annotations"].values())
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"], target["legendFormat"]


def sections() -> dict[str, str]:
    """The runbook's text, by alert."""
    parts = re.split(r"(?m)^## ", RUNBOOK.read_text())[1:]
    return {title.strip(): text for title, _, text in (part.partition("\n") for part in parts)}


def commands() -> list[str]:
    """What the runbook says to type."""
    blocks = re.findall(r"(?m)(?:^    .*\n)+", RUNBOOK.read_text())
    inline = re.findall(r"`((?:copse|docker compose|curl|make) [^`]*)`", RUNBOOK.read_text())
    return [*inline, *(line.strip() for block in blocks for line in block.splitlines())]
