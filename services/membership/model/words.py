"""What people may write: one line, some text, a zone."""

import re
import zoneinfo
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

_UNSEEN = "\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_NOT_IN_A_LINE = re.compile(f"[\x00-\x1f{_UNSEEN}]")
_NOT_IN_A_TEXT = re.compile(f"[\x00-\x08\x0b-\x1f{_UNSEEN}]")


def _one_line(value: object) -> object:
    """Refuse what could begin a second mail header, or make a text read as something else."""
    return _without(_NOT_IN_A_LINE, value)


def _plain_text(value: object) -> object:
    text = value.replace("\r\n", "\n") if isinstance(value, str) else value
    return _without(_NOT_IN_A_TEXT, text)


def _without(signs: re.Pattern[str], value: object) -> object:
    if isinstance(value, str) and (found := signs.search(value)):
        raise ValueError(f"must not contain the control character U+{ord(found[0]):04X}")
    return value


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    BeforeValidator(_one_line),
]
"""One line without control characters: safe in a mail header."""

Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000),
    BeforeValidator(_plain_text),
]
"""Plain text of several lines."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


def _known_zone(zone: str) -> str:
    if zone not in _zones():
        raise ValueError("must be the name of an IANA time zone, e.g. Europe/London")
    return zone


Zone = Annotated[str, AfterValidator(_known_zone)]
"""The name of an IANA time zone."""
