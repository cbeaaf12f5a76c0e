"""Records as a person reads them, and events checked before they are published."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.cli.events.publishing import checked
from deploy.cli.events.readable import readable
from deploy.cli.terminal import Wrong
from shared.events.cloudevents import TYPE_HEADER

REQUEST = "copse.notifications.NotificationRequested.v1"


def a_request(**changed: Any) -> dict[str, Any]:
    data = {"request_id": "r1", "audience": {"people": ["ann"]}, "subject": "s", "text": "t"}
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": REQUEST, "data": data}
    return event | changed


def record(value: bytes | None, headers: list[tuple[str, bytes]], key: bytes | None = b"k") -> Any:
    place = {"topic": "a.b", "partition": 2, "offset": 7, "timestamp": 1_700_000_000_000}
    return SimpleNamespace(value=value, headers=headers, key=key, **place)


def test_both_modes_read_the_same():
    event = a_request()
    structured = record(
        json.dumps(event).encode(), [("content-type", b"application/cloudevents+json")]
    )
    attributes = {name: value for name, value in event.items() if name != "data"}
    binary = record(
        json.dumps(event["data"]).encode(),
        [(f"ce_{name}", value.encode()) for name, value in attributes.items()],
    )
    assert readable(structured).event == readable(binary).event == event
    assert readable(structured).as_line().startswith("2023-11-14 22:13:20  a.b:2:7  " + REQUEST)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"\xff", "not a CloudEvent"),
        (b"[1]", "no attribute `type`"),
        (None, "a tombstone"),
        (json.dumps(a_request(data={})).encode(), "data.request_id: Field required"),
        (json.dumps(a_request(type=REQUEST.replace("v1", "v9"))).encode(), "version v9"),
    ],
)
def test_what_is_no_event_is_shown_with_the_reason(value: bytes | None, said: str):
    shown = readable(record(value, []))
    assert shown.unreadable
    assert said in shown.unreadable
    assert "UNREADABLE" in shown.as_line()
    json.dumps(shown.as_json(), default=str)


@given(st.binary(max_size=40), st.lists(st.tuples(st.text(max_size=9), st.binary(max_size=9))))
def test_any_record_can_be_shown(value: bytes, headers: list[tuple[str, bytes]]):
    assert readable(record(value, headers, key=value)).as_line()


def test_a_batch_is_shown_with_the_reason_and_text_as_it_was_sent():
    batch = readable(record(b"[]", [("content-type", b"application/cloudevents-batch+json")]))
    assert "batches" in str(batch.unreadable)
    names = {"specversion": "1.0", "id": "1", "source": "/x", "type": "org.example.x"}
    headers = [(f"ce_{name}", text.encode()) for name, text in names.items()]
    plain = readable(record(b"so it is", [*headers, ("content-type", b"text/plain")]))
    assert plain.event == names | {"data": "so it is"}


def test_a_document_a_list_and_lines_are_the_same_events():
    at = "2027-03-01T09:00:00Z"
    one, two = a_request(time=at), a_request(time=at, id="2")
    lines = json.dumps(one) + "\n\n" + json.dumps(two) + "\n"
    assert [e.value for e in checked(lines)] == [e.value for e in checked(json.dumps([one, two]))]
    [alone] = checked(json.dumps(one, indent=2))
    assert (alone.topic, alone.key) == ("notifications.requests", "r1")
    assert dict(alone.headers)[TYPE_HEADER] == REQUEST.encode()


def test_what_a_sender_may_leave_out_is_filled_in():
    bare = {"source": "/x", "type": REQUEST, "data": a_request()["data"]}
    [one] = checked(json.dumps(bare))
    event = json.loads(one.value)
    assert event["specversion"] == "1.0"
    assert event["id"]
    assert event["time"]
    assert event["partitionkey"] == "r1"


def test_another_systems_event_goes_where_it_is_told():
    other = {"source": "/x", "type": "org.example.Trained.v1", "subject": "c7", "data": {"n": 1}}
    [one] = checked(json.dumps(other), "external.events")
    assert (one.topic, one.key) == ("external.events", "c7")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("not json", "line 1 is no JSON"),
        ("", "no event in it"),
        ([1], "event 1: it is no JSON object"),
        (a_request(source=""), "source: String should have at least 1 character"),
        (a_request(data={"request_id": "r1"}), "data.audience: Field required"),
        (a_request(data=a_request()["data"] | {"titel": "x"}), "data.titel: Extra inputs"),
        (a_request(subject="r2"), "'r2' is not the data's request_id, 'r1'"),
        (a_request(type=REQUEST.replace("v1", "v2")), f"there is {REQUEST}"),
        (a_request(type="org.example.X.v1"), "name its --topic"),
        ({"source": "/x", "data": {}}, "type: Field required"),
        (a_request(data=a_request()["data"] | {"text": "x" * 30_000}), "data.text"),
    ],
)
def test_a_wrong_event_is_named_and_nothing_is_published(event: object, said: str):
    source = event if isinstance(event, str) else json.dumps(event)
    with pytest.raises(Wrong) as told:
        checked(source)
    assert said in str(told.value)


def test_an_event_of_the_house_stays_on_its_topic():
    with pytest.raises(Wrong, match=r"belongs on notifications\.requests"):
        checked(json.dumps(a_request()), "external.events")


def test_every_wrong_line_is_told_at_once():
    lines = "\n".join(json.dumps(a_request(data={"request_id": n})) for n in range(3))
    with pytest.raises(Wrong) as told:
        checked(lines)
    for number in (1, 2, 3):
        assert f"line {number}: data.subject: Field required" in str(told.value)
