"""docs/benchmarks.md tells of what is measured, and of nothing else."""

from pathlib import Path

from tests.bench.report import BEGIN, END, PAGE, PICTURE, RED, draw, write
from tests.bench.rows import BARS, Row


def a_row(name: str, value: float) -> Row:
    return Row(BARS[name], "", "", value)


def cells_told(page: str) -> list[list[str]]:
    _, _, rest = page.partition(BEGIN)
    cells = [line.split(" | ") for line in rest.partition(END)[0].splitlines()]
    return [cell for cell in cells if len(cell) == 7 and cell[4] != "Bar"]


def rows_told(page: str) -> dict[str, str]:
    """The names of a page's rows, and their bars."""
    return {cell[0].removeprefix("| "): cell[4] for cell in cells_told(page)}


def test_every_row_of_the_page_is_one_that_is_measured_with_its_bar() -> None:
    told = rows_told(PAGE.read_text())
    assert told == {name: str(bar) for name, bar in BARS.items() if name in told}


def test_what_the_page_and_its_picture_say_of_the_bars_is_what_the_rows_say() -> None:
    page = PAGE.read_text()
    failing = [cell[0].removeprefix("| ") for cell in cells_told(page) if "no" in cell[5]]
    verdict = f"These bars did not hold: {', '.join(failing)}." if failing else "Every bar held."
    assert verdict in page
    assert (RED in PICTURE.read_text()) == bool(failing)


def test_a_run_puts_its_rows_between_the_marks_and_leaves_the_rest(tmp_path: Path) -> None:
    page, picture = tmp_path / "page.md", tmp_path / "picture.svg"
    page.write_text(f"before\n{BEGIN}\nas it was\n{END}\nafter\n")
    write([a_row(name, 1) for name in BARS], page, picture)
    assert rows_told(page.read_text()) == {name: str(bar) for name, bar in BARS.items()}
    assert page.read_text().startswith(f"before\n{BEGIN}")
    assert page.read_text().endswith(f"{END}\nafter\n")
    assert "as it was" not in page.read_text()
    assert picture.exists()


def test_a_ratio_below_its_bar_and_a_figure_above_its_limit_do_not_hold() -> None:
    assert a_row("consume", 0.8).holds
    assert not a_row("consume", 0.79).holds
    assert a_row("start-up", 5).holds
    assert not a_row("start-up", 5.1).holds
    assert a_row("a regional cancellation, told twice", 0).holds
    assert not a_row("a regional cancellation, told twice", 1).holds
    assert a_row("memory grown", -3).holds


def test_the_same_figures_draw_the_same_picture(tmp_path: Path) -> None:
    rows = [a_row("consume", 0.9), a_row("relay", 0.2), a_row("memory grown", 0)]
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    draw(rows, one)
    draw(rows, two)
    assert one.read_bytes() == two.read_bytes()
    assert b"dc:date" not in one.read_bytes()
