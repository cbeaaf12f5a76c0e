"""What those who decide about a meeting decide."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from shared.contracts.scheduling import Format
from shared.errors import Invalid


class InThePast(Invalid):
    """Meetings are scheduled ahead."""


class Details(BaseModel, frozen=True):
    """A meeting as it is described."""

    title: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    zone: str
    format: Format
    venue: str | None = None
    join_url: str | None = None
    seats: int | None = None

    @property
    def when_and_where(self) -> tuple[object, ...]:
        """What a change of raises the iCalendar SEQUENCE (RFC 5546, 2.1.4)."""
        return self.starts_at, self.ends_at, self.zone, self.format, self.venue, self.join_url

    def require_time_ahead(self, at: datetime) -> None:
        if self.starts_at <= at:
            begin = f"{self.starts_at:%Y-%m-%dT%H:%M:%SZ}"
            raise InThePast(f"It would begin at {begin}; choose a later time.", field="starts_at")
