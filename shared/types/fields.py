"""Fields that people and other systems fill in: as they are meant to be, or refused with a reason."""

import re
import unicodedata
import zoneinfo
from functools import cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    FailFast,
    GetPydanticSchema,
    StringConstraints,
)
from pydantic_core import core_schema

DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the reading direction: a text would read as something else (Unicode TR 36, 3.2)."""
_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029" + "".join(DIRECTIONS)
"""Unicode's categories Cc, Cs, Zl and Zp, without tab and newline; and directions."""
_REFUSED_IN_LINES = re.compile(f"[{_CONTROL}]")
_REFUSED_IN_LINE = re.compile(f"[{_CONTROL}\t\n]")
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and signs that show as nothing
_W3C = r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"


def is_visible(text: str) -> bool:
    """Whether a reader sees anything of it."""
    return any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANK for c in text)


def _clean(value: object, refused: re.Pattern[str]) -> object:
    """Normalised (NFC), stripped; ValueError for what a reader would not see, or see as something else."""
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    if found := refused.search(text):
        raise ValueError(f"must not contain the control character U+{ord(found[0]):04X}")
    if text and not text.isascii() and not is_visible(text):  # what is left of ASCII can be seen
        raise ValueError("must contain something that can be seen")
    return text


def one_line(value: object) -> object:
    """One line, safe in a header of a mail."""
    return _clean(value, _REFUSED_IN_LINE)


def some_lines(value: object) -> object:
    """Plain text; lines end with \\n."""
    return _clean(value, _REFUSED_IN_LINES)


Line = Annotated[str, StringConstraints(min_length=1, max_length=200), BeforeValidator(one_line)]
"""One line that can be seen, without control characters: safe in a mail's header."""
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500), BeforeValidator(one_line)]
"""Why somebody decided something, in a sentence or two, for those it concerns."""
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=20_000), BeforeValidator(some_lines)
]
"""Plain text of several lines."""
Description = Annotated[str, StringConstraints(max_length=5_000), BeforeValidator(some_lines)]
"""A few words on something; may be left empty."""
Tag = Annotated[str, StringConstraints(min_length=1, max_length=50), BeforeValidator(one_line)]
"""A word by which something is found."""
Link = Annotated[
    str,
    StringConstraints(max_length=2_000, pattern=r"^https?://[^\s/]\S*$"),
    BeforeValidator(one_line),
]
"""An address on the web."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


def _known_zone(zone: str) -> str:
    if zone not in _zones():
        raise ValueError("must be the name of an IANA time zone, e.g. Europe/London")
    return zone


Zone = Annotated[str, AfterValidator(_known_zone)]
"""The name of an IANA time zone."""


def _or_nothing(**limits: Any) -> GetPydanticSchema:
    optional = core_schema.nullable_schema(core_schema.str_schema(**limits))
    schema = core_schema.with_default_schema(optional, default=None, on_error="default")
    return GetPydanticSchema(lambda _source, _handler: schema)


TraceParent = Annotated[str | None, _or_nothing(pattern=_W3C)]
"""A W3C trace context, else nothing: it goes on into logs, headers and mails, as no other text may."""
Reference = Annotated[str | None, _or_nothing(max_length=500)]
"""The id of another event, else nothing: what follows from an event repeats it."""
Texts = Annotated[tuple[str, ...], FailFast()]
"""Several texts. Of a megabyte of what is none, the first is enough to say so."""
