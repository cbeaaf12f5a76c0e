"""What makes a system degraded, and what waits on a partition."""

from datetime import UTC, datetime

import pytest

from deploy.cli.events.readable import Readable
from deploy.cli.status.lag import Span, types_of, waits
from deploy.cli.status.seen import Limits, Seen, Service, wrong


def a_service(**seen: object) -> Service:
    fine = {
        "name": "scheduling",
        "listens": True,
        "members": 1,
        "lag_records": 0,
        "relay": "host:1",
    }
    return Service(**(fine | seen))  # pyright: ignore


def faults(*services: Service, kafka: str | None = None, mongo: str | None = None) -> list[str]:
    return [*wrong(Seen(kafka, mongo, [*services]), Limits())]


def test_a_service_that_keeps_up_is_fine():
    assert faults(a_service(), a_service(name="membership", listens=False, members=0)) == []


def test_a_short_wait_and_held_events_are_fine():
    busy = {"lag_records": 900, "lag_seconds": 3.0, "outbox": 50, "outbox_seconds": 2.0}
    assert faults(a_service(**busy, held=3, failing=1)) == []


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"members": 0, "relay": None}, "does not run"),
        ({"members": 0}, "nobody consumes for it"),
        ({"relay": None}, "nobody publishes for it"),
        ({"lag_records": 7, "lag_seconds": 21.0}, "7 records behind, the oldest waits for 21 s"),
        ({"outbox": 5, "outbox_seconds": 11.0}, "5 events wait for Kafka, the oldest for 11 s"),
        ({"dead": 2}, "2 dead letters: copse dead list --service scheduling"),
        ({"odd": ["the topic a.b is not there any more"]}, "the topic a.b is not there any more"),
    ],
)
def test_what_is_wrong_is_said(seen: dict[str, object], said: str):
    [fault] = faults(a_service(**seen))
    assert fault.startswith(f"scheduling: {said}")


def test_an_outbox_that_waits_for_a_backup_says_so():
    held = a_service(relay="backup:host:1", outbox=1, outbox_seconds=12.0)
    assert faults(held)[0].endswith("while a backup holds them")


def test_what_is_away_is_said_once_and_its_absence_is_nobodys_fault():
    unknown = a_service(members=None, lag_records=None)
    assert faults(unknown, kafka="no broker") == ["Kafka is away: no broker"]
    assert faults(mongo="no server") == ["MongoDB is away: no server"]
    assert faults() == ["No service has ever run here."]


def a_record(offset: int, type: str | None) -> Readable:
    return Readable("a.b", 0, offset, datetime.now(UTC), "k", type, {}, None, None)


def test_beyond_what_was_committed_every_record_waits():
    span = Span(start=5, passed=8, end=20)
    assert waits(a_record(8, "org.example.Unheard.v1"), span, {"known"})
    assert waits(a_record(8, None), span, None)


def test_a_committed_record_waits_only_if_the_service_should_have_applied_it():
    """So a state that was put back is found, though Kafka says that all was taken."""
    span = Span(start=5, passed=8, end=20)
    assert waits(a_record(6, "known"), span, {"known"})
    assert waits(a_record(6, "anything"), span, {"*"})
    assert not waits(a_record(6, "unheard"), span, {"known"})
    assert not waits(a_record(6, "known"), span, None)


def test_what_a_service_handles_is_read_from_its_code():
    assert "copse.membership.MemberJoined.v1" in (types_of("scheduling") or ())
    assert types_of("cooking") is None
