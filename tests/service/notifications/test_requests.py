"""What other systems ask to be told, and what is no such request."""

import json
from typing import Any

import pytest

from services.notifications.app import service
from shared.consuming.applying import Failed
from shared.consuming.record import is_final
from shared.errors import NotFound
from shared.events.cloudevents import STRUCTURED, Origin, Unreadable, read, write
from tests.service.notifications.region import (
    Region,
    arrives,
    joined,
    registered,
    started,
    subjects,
    wish,
)


async def test_a_request_reaches_people_and_members_with_a_role(region: Region) -> None:
    await region.community_of("ann", "bob")
    audience = {"people": ["bob"], "community_id": "leads", "roles": ["facilitator"]}
    await region.happens(wish(audience=audience, subject="Training", text="Book now."))
    assert sorted(mail.to for mail in region.post.mails) == ["bob@example.org", "fay@example.org"]
    assert "Book now." in region.post.to("bob")[0].text


async def test_a_request_in_binary_mode_is_told(region: Region) -> None:
    await region.service.happens(registered("ann"))
    headers = {
        "ce_specversion": "1.0",
        "ce_id": "b1",
        "ce_source": "/elsewhere",
        "ce_type": "copse.notifications.NotificationRequested.v1",
        "content-type": "application/json",
        "traceparent": "ignored: the attribute counts",
        "ce_traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    data = wish(action_url="https://training.example/book", action_label="Book").model_dump(
        mode="json"
    )
    raw = [(name, value.encode()) for name, value in headers.items()]
    await region.service.arrives("notifications.requests", None, json.dumps(data).encode(), raw)
    [mail] = await region.told()
    assert mail["Subject"] == "Hello"
    assert "Book:\r\nhttps://training.example/book" in mail.text
    assert mail["traceparent"].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"


async def test_what_is_no_trace_context_reaches_neither_mail_nor_log(region: Region) -> None:
    await region.service.happens(registered("ann"))
    event = write(wish(), 1, Origin("/elsewhere", traceparent="x\r\nBcc: eve@example.org"))
    await region.service.arrives("notifications.requests", None, event["value"], event["headers"])
    [mail] = await region.told()
    assert mail["Subject"] == "Hello"
    assert not mail["Bcc"]
    assert not mail["traceparent"]


@pytest.mark.parametrize(
    "broken",
    [
        {"subject": ""},
        {"subject": None},
        {"text": ["a"]},
        {"audience": {}},
        {"audience": {"people": "ann"}},
        {"action_url": "javascript:alert(1)"},
    ],
)
def test_a_broken_request_says_what_is_wrong(broken: dict[str, Any]) -> None:
    data = wish().model_dump(mode="json") | broken
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/x",
        "type": "copse.notifications.NotificationRequested.v1",
        "data": data,
    }
    found = read(
        json.dumps(event).encode(), [("content-type", STRUCTURED.encode())], service.on.models
    )
    assert isinstance(found, Unreadable)
    assert next(iter(broken)) in found.reason


async def test_a_broken_request_is_one_dead_letter_and_the_next_one_works(region: Region) -> None:
    await region.service.happens(registered("ann"))
    broken = {
        "specversion": "1.0",
        "id": "1",
        "source": "/x",
        "type": "copse.notifications.NotificationRequested.v1",
        "data": {"request_id": "r0"},
    }
    await arrives(region, broken)
    await region.happens(wish())
    [letter] = (await region.operator.get("/dead-letters")).json()["items"]
    assert "data.audience" in letter["reason"]
    assert subjects(region, "ann") == ["Hello"]


async def test_a_request_of_an_impossible_category_is_set_aside_at_once(region: Region) -> None:
    with pytest.raises(Failed) as refused:
        await region.service.happens(wish(category="No Such Thing!"))
    assert is_final(refused.value.error)
    assert "training-places" in str(refused.value.error)


async def test_a_request_for_a_community_nobody_knows_waits(region: Region) -> None:
    with pytest.raises(Failed) as waiting:
        await region.service.happens(wish(audience={"community_id": "nowhere"}))
    assert isinstance(waiting.value.error, NotFound)
    assert "nowhere" in waiting.value.error.detail


async def test_no_text_of_a_request_begins_a_header(region: Region) -> None:
    await region.service.happens(registered("ann", name="Ann\r\nBcc: eve@example.org"))
    [mail] = await region.happens(wish(subject="Hi\r\nBcc: eve@example.org\r\n\r\nbody"))
    assert mail.message["Bcc"] is None
    assert mail["Subject"] == "Hi Bcc: eve@example.org body"
    assert mail.message.defects == []


async def test_html_in_a_name_is_escaped_in_the_mail(region: Region) -> None:
    await region.service.happens(registered("ann", name="<img src=x onerror=alert(1)>"))
    await region.service.happens(started(name="<script>alert(1)</script>"))
    [mail] = await region.happens(joined("ann"))
    assert "<script>" not in mail.html
    assert "<img" not in mail.html
    assert "&lt;script&gt;" in mail.html
