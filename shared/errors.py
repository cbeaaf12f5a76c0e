"""Refusals: what a rule says no with, and how it reads on the wire (RFC 9457)."""

import re
from typing import ClassVar

PROBLEM = "application/problem+json"


class Problem(Exception):
    """A request that cannot be done. The class name is the stable type, the docstring its title.

    `detail` says what is wrong with this request and how to mend it.
    """

    status: ClassVar[int] = 500

    def __init__(self, detail: str = "", **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra
        self.headers: dict[str, str] = {}

    @property
    def code(self) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()

    def body(self) -> dict[str, object]:
        title = (type(self).__doc__ or self.code).strip().splitlines()[0]
        return {
            "type": f"urn:copse:problem:{self.code}",
            "title": title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }


class Unforeseen(Problem):
    """Something went wrong that should not."""


class Malformed(Problem):
    """The request cannot be read."""

    status = 400


class Unauthenticated(Problem):
    """A valid bearer token is needed."""

    status = 401


class Forbidden(Problem):
    """This is not yours to do."""

    status = 403


class NotFound(Problem):
    """There is nothing here that you may see."""

    status = 404


class Refused(Problem):
    """A rule of the community stands against it."""

    status = 409


class Changed(Problem):
    """Somebody changed it since you read it."""

    status = 412


class TooLarge(Problem):
    """The body is too large."""

    status = 413


class Invalid(Problem):
    """A value is not acceptable."""

    status = 422

    def __init__(self, detail: str = "", *, field: str | None = None, **extra: object) -> None:
        errors = {"errors": [{"field": field, "message": detail}]} if field else {}
        super().__init__(detail, **errors, **extra)


class TookTooLong(Problem):
    """It took longer than a transaction may; nothing was done."""

    status = 503


class Busy(Problem):
    """The system cannot take this now; nothing was done; try again."""

    status = 503
