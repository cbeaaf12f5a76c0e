"""What time it is; every rule that needs the time is given it from here."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, ValidatorFunctionWrapHandler, WrapValidator


def _written_out(value: object, read: ValidatorFunctionWrapHandler) -> datetime:
    # Strict mode would refuse text too where JSON was read before: in the body of a request.
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return within_reach(read(value))
    raise ValueError("must be a time with an offset, e.g. 2027-03-09T14:00:00Z")


def within_reach(moment: datetime) -> datetime:
    """The moment, if one can reckon with it in any zone. ValueError at the edges of the calendar."""
    if not 1900 <= moment.year <= 9000:
        raise ValueError("must be a time between the years 1900 and 9000")
    return moment


Moment = Annotated[AwareDatetime, WrapValidator(_written_out)]
"""A time with an offset (RFC 3339). Numbers and naive times are refused, not guessed at."""

_offset = timedelta()


def now() -> datetime:
    """The present moment in UTC, moved by the test clock where one is set.

    In whole milliseconds, as MongoDB keeps it: what is answered now equals what is read later.
    """
    moment = datetime.now(UTC) + _offset
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def machine() -> datetime:
    """The machine's own time, for what mongod's clock will end (TTL indexes)."""
    return datetime.now(UTC)


def set_now(moment: datetime) -> None:
    """Move this process's clock to a moment; it runs on from there. For tests only."""
    global _offset  # noqa: PLW0603 - one clock a process is the point
    _offset = moment - datetime.now(UTC)


def reset() -> None:
    """Return to the machine's clock."""
    set_now(datetime.now(UTC))
