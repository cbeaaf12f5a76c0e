"""What readers see of a rhythm or a meeting, as their standing allows.

What a reader may not see is not set, and routes leave out what is not set.
"""

from datetime import date, time
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel

from services.scheduling.model import Meeting, Rhythm, Schedule, Standing, Status
from shared.contracts.scheduling import Format


class RhythmView(BaseModel):
    """How a community meets. Place, link and feed are for its members alone."""

    community_id: str
    description: str
    frequency: Literal["weekly", "monthly"]
    interval: int
    weekdays: tuple[str, ...]
    nth: int | None
    local_time: time
    zone: str
    minutes: int
    format: Format
    title: str | None
    seats: int | None
    starts_on: date | None
    until: date | None
    count: int | None
    venue: str | None = None
    join_url: str | None = None
    feed_url: str | None = None

    private: ClassVar = {"venue", "join_url", "feed_url"}

    @classmethod
    def of(
        cls, schedule: Schedule, rhythm: Rhythm, reader: Standing, feed_url: str
    ) -> "RhythmView":
        fields: dict[str, Any] = {**rhythm.model_dump(), "feed_url": feed_url}
        return cls(
            community_id=schedule.community_id,
            description=rhythm.in_words(),
            **{k: v for k, v in fields.items() if reader.belongs or k not in cls.private},
        )


class MeetingView(BaseModel):
    """A meeting. Place and link are for members alone, as is what they answered."""

    meeting_id: str
    community_id: str
    uid: str
    revision: int
    title: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    zone: str
    format: Format
    status: Literal["confirmed", "cancelled"]
    reason: str | None
    seats: int | None
    seats_left: int | None
    venue: str | None = None
    join_url: str | None = None
    invited: bool = False
    """Whether the members were invited yet."""
    coming: int | None = None
    waiting: int | None = None
    my_status: Status | None = None
    my_position: int | None = None

    private: ClassVar = {
        "venue",
        "join_url",
        "invited",
        "coming",
        "waiting",
        "my_status",
        "my_position",
    }

    @classmethod
    def of(cls, meeting: Meeting, reader: Standing) -> "MeetingView":
        answers, seats = meeting.answers, meeting.seats
        fields: dict[str, Any] = {
            **meeting.model_dump(include=set(MeetingView.model_fields)),
            "seats_left": None if seats is None else max(0, seats - len(answers.coming)),
            "invited": meeting.announced_at is not None,
            "coming": len(answers.coming),
            "waiting": len(answers.waiting),
            "my_status": answers.status_of(reader.person_id),
            "my_position": answers.position_of(reader.person_id),
        }
        return cls(**{k: v for k, v in fields.items() if reader.belongs or k not in cls.private})
