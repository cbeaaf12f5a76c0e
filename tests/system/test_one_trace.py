"""One request, one trace: over three services and Kafka, to the mail at its end."""

import pytest

from tests.kernel.world import until
from tests.support.collector import Seen
from tests.system.region import Region, Somebody

TRACE, ASKED_BY = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
DOOR = "membership", "DELETE /communities/{community_id}/members/{person_id}"
LEFT = "scheduling", "process copse.membership.MemberLeft.v1"
PROMOTED = "notifications", "process copse.scheduling.SeatPromoted.v1"
SENT = "notifications", "send mail"


async def a_seat_to_wait_for(region: Region) -> tuple[str, Somebody, Somebody]:
    """A community, a member who has the only seat of its meeting, and one who waits for it."""
    ann, bob, cas = region.person("ann"), region.person("bob"), region.person("cas")
    community_id = await region.community(ann)
    for person in (bob, cas):
        await region.joins(person, community_id)
    path = f"/communities/{community_id}/meetings"
    wish = {"title": "One seat", "starts_at": "2027-03-02T10:00:00Z", "minutes": 60, "seats": 1}
    meeting = await ann.does("POST", "scheduling", path, json=wish)
    for person, status in ((bob, "accepted"), (cas, "waitlisted")):
        path = f"/meetings/{meeting['meeting_id']}/rsvp"
        answer = await person.does("PUT", "scheduling", path, json={"status": "accepted"})
        assert answer["status"] == status
    return community_id, bob, cas


def only(spans: list[Seen], service: str, name: str) -> Seen:
    [one] = [span for span in spans if (span.service, span.name) == (service, name)]
    return one


async def test_a_request_is_one_trace_from_a_door_through_kafka_to_a_mail(region: Region) -> None:
    if region.collector is None:
        pytest.skip("composed services have no collector here")
    collector = region.collector
    community_id, bob, cas = await a_seat_to_wait_for(region)
    path = f"/communities/{community_id}/members/me"
    headers = {"traceparent": f"00-{TRACE}-{ASKED_BY}-01"}
    reply = await bob.ask("DELETE", "membership", path, headers=headers)
    assert reply.headers["x-trace-id"] == TRACE
    [mail] = await cas.gets("You have a seat")

    async def arrived() -> bool:
        known = {(one.service, one.name) for one in collector.trace(TRACE)}
        return {DOOR, LEFT, PROMOTED, SENT} <= known

    await until(arrived)
    spans = collector.trace(TRACE)
    door, left, promoted, sent = (only(spans, *one) for one in (DOOR, LEFT, PROMOTED, SENT))
    assert [one.parent for one in (door, left, promoted, sent)] == [
        ASKED_BY,
        door.span_id,
        left.span_id,
        promoted.span_id,
    ]
    kinds = [one.kind for one in (door, left, promoted, sent)]
    assert kinds == ["server", "consumer", "consumer", "client"]
    assert mail["traceparent"] == f"00-{TRACE}-{promoted.span_id}-01"

    effects = [
        one.told["cloudevents.event_id"]
        for one in spans
        if one.service == "notifications" and one.kind == "consumer"
    ]
    assert len(effects) == len({*effects})
    assert {one.parent for one in spans} <= {ASKED_BY, *(one.span_id for one in spans)}
    assert not any(one.failed for one in spans)
    words = repr(spans)
    assert not any(
        secret in words for secret in (bob.address, cas.address, bob.person_id, cas.person_id)
    )
