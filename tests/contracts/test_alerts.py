"""Every alert can be read, leads to a page of the runbook, and the page to commands that exist."""

import re
import shlex

import pytest
from typer.main import get_command

from deploy.cli.__main__ import app
from deploy.local import services
from tests.support.alerts import (
    RUNBOOK,
    SCRAPED,
    commands,
    dashboard,
    questions,
    rules,
    scrape,
    sections,
)
from tests.support.promql import spoken

FUNCTIONS = {
    "max", "min", "sum", "rate", "increase", "delta", "histogram_quantile", "topk",
}  # fmt: skip
GENERAL = {"Where to look first", "What to type it in"}


@pytest.mark.parametrize(("where", "expr", "legend"), [*questions()], ids=lambda text: text[:30])
def test_what_is_asked_can_be_answered(where: str, expr: str, legend: str) -> None:
    asked = spoken(expr)
    assert asked.labels
    assert asked.functions <= FUNCTIONS
    kept = asked.grouped | SCRAPED
    named = {*re.findall(r"\$labels\.(\w+)", legend), *re.findall(r"\{\{(\w+)\}\}", legend)}
    assert named <= kept, f"{where}: {named - kept} is grouped away"


@pytest.mark.parametrize("expr", ["sum(a_total", "rate(a_total[5x])", 'a{b~"c"}', 'a{b="c" "d"}'])
def test_what_is_no_expression_is_told(expr: str) -> None:
    with pytest.raises(ValueError):
        spoken(expr)


def test_an_alert_says_how_bad_it_is_and_where_to_read_on() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len({*names})
    for rule in rules():
        assert {*rule} <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert re.search(r"(?<![<>=!])(<|>|==)(?!=)", rule["expr"]), "an alert needs a threshold"
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"]


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    alerts = [rule["alert"] for rule in rules()]
    pages = [title for title in sections() if title not in GENERAL]
    assert pages == alerts
    for alert in alerts:
        page = sections()[alert]
        for part in ("**Means.**", "**Type.**", "**Expect.**", "**Worry**"):
            assert part in page, f"{alert} does not say {part}"


def test_every_service_is_asked() -> None:
    [job] = scrape()["scrape_configs"]
    asked = {one["labels"]["service"]: one["targets"] for one in job["static_configs"]}
    assert job["job_name"] == "copse"
    assert asked == {name: [f"{name}:8000"] for name in services.names()}


def test_the_dashboard_can_be_provisioned() -> None:
    board = dashboard()
    panels = board["panels"]
    assert board["uid"] == "copse"
    assert "id" not in board
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        assert panel["type"] == "row" or panel["targets"]
    cells = [
        (x, y)
        for at in (panel["gridPos"] for panel in panels)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len({*cells}), "panels lie on each other"


@pytest.mark.parametrize("command", sorted({*commands()}))
def test_what_the_runbook_says_to_type_exists(command: str) -> None:
    words = shlex.split(command)
    assert words[0] in ("copse", "docker", "curl", "make", "kill")
    if words[0] != "copse":
        return
    here = get_command(app)
    for word in words[1:]:
        name = word.split("=")[0]
        if word.startswith("--"):
            assert any(name in one.opts for one in here.params), (
                f"copse has no {name} here: {command}"
            )
        elif hasattr(here, "commands"):
            assert word in here.commands, f"there is no {command}"
            here = here.commands[word]
    assert not hasattr(here, "commands"), f"{command} is not a whole command"


def test_the_runbook_names_no_setting_that_is_not_there() -> None:
    from services.notifications.settings import NotificationSettings

    known = {f"COPSE_{name.upper()}" for name in NotificationSettings.model_fields}
    named = {*re.findall(r"COPSE_[A-Z_]+", RUNBOOK.read_text())}
    assert named <= known | {"COPSE_SMTP_PASSWORD_FILE"}
