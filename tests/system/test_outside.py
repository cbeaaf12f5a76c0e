"""An outside system that knows only docs/integrating.md, and a Kafka that goes away."""

import asyncio
import json
import sys
from typing import Any

import pytest

from tests.kernel.world import until
from tests.support.compose import why_no_kcat
from tests.system.region import NOW, Region, Somebody, fresh


async def test_a_binary_request_from_kcat_becomes_a_mail(region: Region) -> None:
    if reason := why_no_kcat():
        pytest.skip(f"{reason}; aiokafka does the same below")
    bob = region.person("bob")
    await bob.does("PUT", "membership", "/people/me", json={})
    request, marker = fresh("kcat"), fresh("marker")
    for id in (request, request, marker):  # sent twice, told once
        await request_by_kcat(region, id, bob, key=request)
    await bob.gets(marker)
    assert len(await bob.mails(request)) == 1


async def request_by_kcat(region: Region, id: str, person: Somebody, *, key: str) -> None:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": id,
        "ce_source": "https://hr.example.org",
        "ce_type": "copse.notifications.NotificationRequested.v1",
        "content-type": "application/json",
    }
    data = {
        "request_id": id,
        "audience": {"people": [person.person_id]},
        "subject": f"From outside {id}",
        "text": "The hall is open again.",
    }
    flags = [flag for name, value in headers.items() for flag in ("-H", f"{name}={value}")]
    process = await asyncio.create_subprocess_exec(
        *("kcat", "-P", "-b", region.kafka, "-t", "notifications.requests", "-k", key, *flags),
        stdin=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        await process.communicate(json.dumps(data).encode())
    assert process.returncode == 0


BARE = """
import asyncio, json, sys
sys.modules["cramjam"] = None  # what aiokafka[lz4], [snappy] and [zstd] bring; a plain installation has none of it
from aiokafka import AIOKafkaConsumer

async def read() -> None:
    consumer = AIOKafkaConsumer(
        "membership.people", auto_offset_reset="earliest", **json.loads(sys.argv[1])
    )
    await consumer.start()
    while True:
        record = await asyncio.wait_for(consumer.getone(), 20)
        if record.key.decode() == sys.argv[2]:
            break
    print(json.dumps([[name for name, _ in record.headers], json.loads(record.value)]))
    await consumer.stop()

asyncio.run(read())
"""


async def test_a_client_without_any_extra_reads_our_records(region: Region) -> None:
    if region.let_in["operator"]:
        pytest.skip("how one is let in is said elsewhere; what is read is the same")
    ann = region.person("ann")
    await ann.does("PUT", "membership", "/people/me", json={})
    where = json.dumps({"bootstrap_servers": region.kafka})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BARE, where, ann.person_id), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(40):
        out, _ = await process.communicate()
    names, event = json.loads(out)
    assert event["subject"] == ann.person_id
    assert event["dataschema"] == f"urn:copse:contract:{event['type']}"
    assert not [name for name in names if name.startswith("ce_")]


def structured(type: str, id: str, data: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": id,
            "source": "https://training.example.org",
            "type": type,
            "subject": id,
            "time": NOW,
            "data": data,
        }
    ).encode()


CE = [("content-type", b"application/cloudevents+json")]


async def test_an_event_type_nobody_knows_becomes_a_mail_by_a_rule_added_live(
    region: Region,
) -> None:
    ann, bob = region.person("ann"), region.person("bob")
    community_id = await region.community(ann)
    await region.joins(bob, community_id)
    kind = f"org.example.{fresh('course').replace('-', '')}.opened.v1"
    rule = fresh("course").lower()
    template = {
        "subject": "A course opens: {{ data.course }}",
        "text": "Hello {{ person.name }}, {{ data.course }} opens.",
        "action": {"label": "Read more", "url": "{{ links.message }}"},
    }
    operator = region.operator
    await operator.does("PUT", "notifications", f"/templates/{rule}", json=template)
    body = {
        "event": kind,
        "audience": {"members_of": "data.community"},
        "category": "announcement",
        "template": rule,
    }
    await operator.does("PUT", "notifications", f"/rules/{rule}", json=body)
    id = fresh("event")
    data = {"course": f"Course {id}", "community": community_id}
    await region.publish("external.events", id, structured(kind, id, data), CE)
    for person in (ann, bob):
        await person.gets(f"Course {id}")


async def test_a_broken_request_is_one_dead_letter_and_the_next_one_works(region: Region) -> None:
    bob = region.person("bob")
    await bob.does("PUT", "membership", "/people/me", json={})
    kind = "copse.notifications.NotificationRequested.v1"
    broken, good = fresh("broken"), fresh("good")
    wish = {"subject": f"It works {good}", "text": "Really."}
    audience = {"people": [bob.person_id]}
    topic = "notifications.requests"
    wrong = structured(kind, broken, {"request_id": broken, "audience": audience, "subject": 5})
    right = structured(kind, good, {"request_id": good, "audience": audience, **wish})
    await region.publish(topic, "one-key", wrong, CE)
    await region.publish(topic, "one-key", right, CE)
    await bob.gets(good)

    async def parked() -> bool:
        return any(broken.encode() in one.value for one in await region.records(f"{topic}.dead"))

    await until(parked)
    letters = [one for one in await region.records(f"{topic}.dead") if broken.encode() in one.value]
    assert len(letters) == 1
    assert b"subject" in dict(letters[0].headers)["x-error-reason"]
    listed = await region.operator.does("GET", "notifications", "/dead-letters?limit=200")
    assert any(topic == one["topic"] for one in listed["items"])


async def test_a_header_in_a_subject_from_outside_stays_text(region: Region) -> None:
    bob = region.person("bob")
    await bob.does("PUT", "membership", "/people/me", json={})
    id = fresh("inject")
    data = {
        "request_id": id,
        "audience": {"people": [bob.person_id]},
        "subject": f"Hello {id}\r\nBcc: all@example.org",
        "text": "Nothing hidden.",
    }
    kind = "copse.notifications.NotificationRequested.v1"
    await region.publish("notifications.requests", id, structured(kind, id, data), CE)

    async def settled() -> bool:
        letters = await region.records("notifications.requests.dead")
        return bool(await bob.mails(id)) or any(id.encode() in one.value for one in letters)

    await until(settled)
    for mail in await bob.mails(id):
        assert mail["bcc"] is None


async def test_commands_succeed_while_kafka_is_stopped_and_everything_arrives_once(
    region: Region,
) -> None:
    ann, people = region.person("ann"), [region.person(f"p{n}") for n in range(5)]
    community_id = await region.community(ann)
    kafka = region.kafka_process
    await asyncio.to_thread(kafka.stop)
    try:
        for person in people:
            path = f"/communities/{community_id}/members"
            reply = await person.ask("POST", "membership", path, json={})
            assert reply.status_code == 201
        link = {"url": "https://example.org/late", "title": fresh("Shared in the dark")}
        reply = await ann.ask("POST", "resources", f"/communities/{community_id}/links", json=link)
        assert reply.status_code == 201
    finally:
        await asyncio.to_thread(kafka.start)
    for person in people:
        await person.gets("Welcome to", seconds=60)
    await region.joins(region.person("marker"), community_id)  # behind them, on the same key
    for person in people:
        assert len(await person.mails("Welcome to")) == 1


async def test_every_service_serves_the_contracts_and_its_health(region: Region) -> None:
    for url in region.urls.values():
        contracts = await region.http.get(f"{url}/asyncapi.yaml")
        assert contracts.status_code == 200
        assert "copse.membership.MemberJoined.v1" in contracts.text

        async def ready(url: str = url) -> bool:  # again, after what was done to Kafka above
            said = (await region.http.get(f"{url}/readyz")).json()
            return said == {"ready": True, "waits_for": []}

        await until(ready, seconds=60)
        assert (await region.http.get(f"{url}/livez")).status_code == 200
        metrics = (await region.http.get(f"{url}/metrics")).text
        assert "copse_outbox_age_seconds" in metrics
