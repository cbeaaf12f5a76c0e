"""A meeting, and words for what happens to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.scheduling.model import Details, Meeting

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
START = datetime(2027, 3, 9, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)


def details(**said: Any) -> Details:
    usual = {
        "title": "Practice circle",
        "starts_at": START,
        "ends_at": START + HOUR,
        "zone": "Europe/London",
        "format": "online",
        "join_url": "https://meet.example.org/1",
    }
    return Details.model_validate(usual | said)


def a_meeting(*, notice_days: int | None = 21, **said: Any) -> Meeting:
    meeting, *_ = Meeting.schedule("m1", "c1", details(**said), NOW, notice_days=notice_days)
    return meeting


def with_answers(meeting: Meeting, *answers: tuple[str, Any]) -> Meeting:
    for person_id, wish in answers:
        meeting, *_ = meeting.answer(person_id, wish, NOW)
    return meeting


def kinds(events: Any) -> list[str]:
    return [type(event).__name__ for event in events]
