"""What people may write, in every service by the same rules."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.types.fields import (
    DIRECTIONS,
    Description,
    Line,
    Reason,
    Tag,
    Text,
    is_visible,
    one_line,
    some_lines,
)

LINES: list[Any] = [Line, Reason, Tag]
TEXTS: list[Any] = [Text, Description]


@pytest.mark.parametrize("kind", [*LINES, *TEXTS], ids=str)
def test_words_are_normalised_and_stripped_before_they_are_measured(kind: Any) -> None:
    read = TypeAdapter(kind).validate_python
    assert read("  e\u0301te\u0301\r\n") == "\xe9t\xe9"
    longest = next(m.max_length for m in kind.__metadata__ if hasattr(m, "max_length"))
    assert len(read(" " + "e\u0301" * longest + " ")) == longest
    with pytest.raises(ValidationError):
        read("x" * (longest + 1))


@pytest.mark.parametrize("kind", [*LINES, *TEXTS], ids=str)
@pytest.mark.parametrize(
    "blank", ["\u3164", "\u2800", "\u200b", "\u0301", "\ufeff", "\u2060 \u00ad"]
)
def test_what_nobody_sees_is_nothing_said(kind: Any, blank: str) -> None:
    with pytest.raises(ValidationError, match="seen"):
        TypeAdapter(kind).validate_python(blank)


@pytest.mark.parametrize(
    "sign", ["\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ud800"]
)
@pytest.mark.parametrize("kind", [*LINES, *TEXTS], ids=str)
def test_control_and_direction_characters_are_named(kind: Any, sign: str) -> None:
    with pytest.raises(ValidationError, match=rf"U\+{ord(sign):04X}"):
        TypeAdapter(kind).validate_python(f"a{sign}b")


@pytest.mark.parametrize("kind", LINES, ids=str)
def test_a_line_is_one_line(kind: Any) -> None:
    with pytest.raises(ValidationError, match=r"U\+000A"):
        TypeAdapter(kind).validate_python("a\nBcc: everybody")


@pytest.mark.parametrize("kind", TEXTS, ids=str)
def test_a_text_keeps_its_lines(kind: Any) -> None:
    assert TypeAdapter(kind).validate_python("One.\r\n\r\n\tTwo.") == "One.\n\n\tTwo."
    with pytest.raises(ValidationError, match=r"U\+000D"):
        TypeAdapter(kind).validate_python("One.\rTwo.")


def test_emoji_and_every_script_are_seen() -> None:
    for seen in (
        "\U0001f469\u200d\u2695\ufe0f",
        "\u0928\u092e\u0938\u094d\u0924\u0947",
        "7",
        "\u2026",
        "$",
    ):
        assert is_visible(seen)


@given(st.text())
def test_a_line_read_is_read_again_as_itself(text: str) -> None:
    read = TypeAdapter[str](Line).validate_python
    try:
        line = read(text)
    except ValidationError:
        return
    assert read(line) == line == unicodedata.normalize("NFC", line)
    assert len(line.splitlines()) == 1
    line.encode()


def test_of_all_characters_exactly_these_are_refused() -> None:
    refused = {"Cc", "Cs", "Zl", "Zp"}
    for sign in map(chr, range(0x30000)):
        wrong = unicodedata.category(sign) in refused or sign in DIRECTIONS
        for read, allowed in ((one_line, ""), (some_lines, "\n\t")):
            try:
                read(f"a{sign}b")
            except ValueError:
                assert wrong, f"U+{ord(sign):04X} is refused"
                assert sign not in allowed
            else:
                assert not wrong or sign in allowed, f"U+{ord(sign):04X} is let through"
