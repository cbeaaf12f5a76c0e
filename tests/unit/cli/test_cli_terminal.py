"""What people type and read at the terminal."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import structlog
import typer
from structlog.testing import capture_logs
from typer.testing import CliRunner

from deploy.cli.__main__ import app
from deploy.cli.dead_letters.selection import conditions, narrowed
from deploy.cli.terminal import answering, document, duration, moment, printable, table

AREAS = {
    "": ("status", "dead", "parked", "events", "topics", "backup", "restore", "token"),
    "dead": ("list", "show", "replay", "drop"),
    "parked": ("list", "show", "retry"),
    "events": ("tail", "publish"),
    "topics": ("check", "apply"),
}


@pytest.mark.parametrize("area", AREAS)
def test_help_names_every_command(area: str):
    told = CliRunner().invoke(app, [*area.split(), "--help"])
    assert told.exit_code == 0
    for command in AREAS[area]:
        assert f"│ {command} " in told.output


def test_stdout_holds_the_result_alone_whoever_set_up_logging_before():
    command = typer.Typer()

    @command.command()
    @answering
    async def count() -> None:
        structlog.get_logger().info("counted")
        document({"events": 1})

    with capture_logs():  # on its way out it leaves structlog configured, and to stdout
        pass
    told = CliRunner().invoke(command)
    assert json.loads(told.stdout) == {"events": 1}
    assert json.loads(told.stderr)["event"] == "counted"


def test_an_unknown_command_is_exit_code_2():
    told = CliRunner().invoke(app, ["cook"])
    assert told.exit_code == 2
    assert told.stdout == ""


def test_times_are_ages_or_iso_8601():
    assert moment("2027-03-01T09:00Z") == datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert moment("2027-03-01") == datetime(2027, 3, 1, tzinfo=UTC)
    assert abs(datetime.now(UTC) - timedelta(hours=2) - moment("2h")) < timedelta(seconds=5)
    for wrong in ("yesterday", "h", "-2h", ""):
        with pytest.raises(typer.BadParameter, match="is no time"):
            moment(wrong)


def test_durations_are_as_short_as_they_can_be():
    told = [duration(seconds) for seconds in (None, 0, 119, 120, 7200, 200_000)]
    assert told == ["", "0 s", "119 s", "2 min", "2 h", "2 d"]


def test_conditions_are_mongodbs():
    where = conditions(id="a.b:0:7", key="k", since="2027-03-01", until="2027-03-02")
    window = {
        "$gte": datetime(2027, 3, 1, tzinfo=UTC),
        "$lte": datetime(2027, 3, 2, tzinfo=UTC),
    }
    assert where == {"_id": "a.b:0:7", "key": "k", "parked_at": window}
    assert conditions(id="a.b:0:-3") == {"_id": "a.b:0:-3"}
    with pytest.raises(typer.BadParameter, match="is no id"):
        conditions(id="7")


def test_what_changes_something_needs_a_condition_or_all():
    with pytest.raises(typer.BadParameter, match="Say which"):
        narrowed({}, None, False)
    narrowed({"key": "k"}, None, False)
    narrowed({}, "scheduling", False)
    narrowed({}, None, True)


def test_what_came_from_outside_neither_styles_nor_steers_the_terminal(
    capsys: pytest.CaptureFixture[str],
):
    table("Key", rows=[["[red]x[/red] \x1b[2J\u202e :smile:"]])
    assert "[red]x[/red] \\x1b[2J\\u202e :smile:" in capsys.readouterr().out
    assert printable("für\tAnn\n\ud800") == "für\tAnn\n\\ud800"
