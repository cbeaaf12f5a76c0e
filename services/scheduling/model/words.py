"""What people may write: one line, a link, a zone, a day, a time of day."""

import re
import unicodedata
import zoneinfo
from datetime import date, datetime, time
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

Weekday = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
WEEKDAYS: dict[Weekday, str] = {
    "MO": "Monday",
    "TU": "Tuesday",
    "WE": "Wednesday",
    "TH": "Thursday",
    "FR": "Friday",
    "SA": "Saturday",
    "SU": "Sunday",
}
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _visible(value: object) -> object:
    """Refuse what could begin a second line of a header, or make a text read as something else."""
    for sign in value if isinstance(value, str) else "":
        if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or sign in _OVERRIDES:
            raise ValueError(f"must not contain the control character U+{ord(sign):04X}")
    return value


def _written_day(value: object) -> object:
    if isinstance(value, datetime) or not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
        raise ValueError("must be a day such as 2027-03-09")
    return value


def _written_time(value: object) -> object:
    if not re.fullmatch(r"\d\d:\d\d(:\d\d)?", str(value)):
        raise ValueError("must be a local time of day such as 14:00, without an offset")
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


def _known_zone(zone: str) -> str:
    if zone not in _zones():
        raise ValueError("must be the name of an IANA time zone, e.g. Europe/London")
    return zone


Line = Annotated[
    str,
    BeforeValidator(_visible),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
]
"""One line without control characters: safe in a mail header."""
Link = Annotated[
    str, BeforeValidator(_visible), Field(max_length=2000, pattern=r"^https?://[^\s/]\S*$")
]
Zone = Annotated[str, AfterValidator(_known_zone)]
Day = Annotated[date, BeforeValidator(_written_day)]
TimeOfDay = Annotated[time, BeforeValidator(_written_time)]
"""A time as clocks on the wall of some zone show it."""
Minutes = Annotated[int, Field(strict=True, ge=5, le=1440)]
Seats = Annotated[int, Field(strict=True, ge=1, le=10_000)]
