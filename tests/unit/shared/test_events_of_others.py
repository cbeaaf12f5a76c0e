"""Events as other systems and their libraries send them, and ours as those read them."""

import base64
import json
from typing import Any

import pytest

from shared.events.cloudevents import (
    STRUCTURED,
    TYPE_HEADER,
    Envelope,
    Origin,
    Unreadable,
    read,
    write,
)
from tests.unit.shared.test_reading import EVERYTHING, WANTED, Noted, an_event


def binary(data: bytes | None, content_type: str = "", **told: str) -> Any:
    named = {
        "specversion": "1.0",
        "id": "1",
        "source": "/elsewhere",
        "type": "org.example.x",
        **told,
    }
    headers = [(f"ce_{name}", text.encode()) for name, text in named.items()]
    headers += [("content-type", content_type.encode())] if content_type else []
    return read(data, headers, EVERYTHING)


@pytest.mark.parametrize(
    "content_type", ["Application/CloudEvents+JSON", f"{STRUCTURED}; charset=UTF-8", STRUCTURED]
)
def test_a_media_type_is_known_whatever_its_case_and_parameters(content_type: str) -> None:
    value = json.dumps(an_event()).encode()
    for of_the_type in ("ce_type", TYPE_HEADER):  # as records of the first version bear it, and now
        headers = [("content-type", content_type.encode()), (of_the_type, Noted.type.encode())]
        assert isinstance(read(value, headers, WANTED), Envelope)


@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": "text"}, {"data": [1, 2]}], ids=str)
def test_a_type_without_a_contract_may_hold_anything_or_nothing(data: dict[str, Any]) -> None:
    event = {k: v for k, v in an_event(type="org.example.x").items() if k != "data"}
    found = read(json.dumps(event | data).encode(), [], EVERYTHING)
    assert isinstance(found, Envelope)
    assert found.data == data.get("data")


def test_an_event_of_a_contract_needs_its_data() -> None:
    event = {k: v for k, v in an_event().items() if k != "data"}
    for without in (event, event | {"data": None}):
        assert str(read(json.dumps(without).encode(), [], WANTED)).startswith(
            "Unreadable(reason='data"
        )


@pytest.mark.parametrize(
    ("data", "content_type", "read_as"),
    [
        (b'{"a": 1}', "", {"a": 1}),
        (b"[1]", "application/vnd.example+json", [1]),
        (b"so it is", "text/plain; charset=utf-8", "so it is"),
        (b"", "application/json", None),
        (None, "", None),
    ],
)
def test_data_in_binary_mode_is_what_its_type_says(
    data: bytes | None, content_type: str, read_as: Any
) -> None:
    found = binary(data, content_type)
    assert isinstance(found, Envelope)
    assert found.data == read_as


def test_data_in_base64_is_the_data() -> None:
    told = base64.b64encode(b'{"note_id": "n1", "words": "so it is"}').decode()
    event = {k: v for k, v in an_event(data_base64=told).items() if k != "data"}
    found = read(json.dumps(event).encode(), [], WANTED)
    assert isinstance(found, Envelope)
    assert found.data == Noted(note_id="n1", words="so it is")
    wrong = read(json.dumps(event | {"data_base64": "%"}).encode(), [], WANTED)
    assert isinstance(wrong, Unreadable)


def test_a_batch_is_refused_by_name() -> None:
    headers = [("content-type", b"application/cloudevents-batch+json")]
    assert "batches of events" in str(read(b"[]", headers, WANTED))


def test_structured_records_bear_no_header_that_means_binary_mode_and_an_absolute_schema() -> None:
    record = write(Noted(note_id="n1", words="x"), 1, Origin("/reading"))
    assert [name for name, _ in record["headers"]] == ["content-type", "copse-type", "copse-id"]
    assert json.loads(record["value"])["dataschema"] == f"urn:copse:contract:{Noted.type}"
