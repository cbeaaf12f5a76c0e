"""Fields of meetings and rhythms: a weekday, a day, a time of day, a length, seats."""

import re
from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

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


def _written_day(value: object) -> object:
    if isinstance(value, datetime) or not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
        raise ValueError("must be a day such as 2027-03-09")
    return value


def _written_time(value: object) -> object:
    if not re.fullmatch(r"\d\d:\d\d(:\d\d)?", str(value)):
        raise ValueError("must be a local time of day such as 14:00, without an offset")
    return value


Day = Annotated[date, BeforeValidator(_written_day)]
TimeOfDay = Annotated[time, BeforeValidator(_written_time)]
"""A time as clocks on the wall of some zone show it."""
Minutes = Annotated[int, Field(strict=True, ge=5, le=1440)]
Seats = Annotated[int, Field(strict=True, ge=1, le=10_000)]
