"""Events read and published from the terminal."""

import asyncio
import json

import pytest

from tests.operator.desk import REQUEST_TYPE, REQUESTS, Work, a_request, headers
from tests.system.region import fresh

pytestmark = pytest.mark.timeout(180)


async def test_published_events_take_effect_and_are_read_back(work: Work):
    ann = work.region.person("ann")
    await ann.does("PUT", "membership", "/people/me", json={})
    subject = fresh("From the terminal")
    first, second = (a_request([ann.person_id], f"{subject} {n}") for n in (1, 2))
    lines = f"{json.dumps(first)}\n\n{json.dumps(second)}\n"
    told = await work.desk.done("events", "publish", input=lines)
    assert [place.split(":")[0] for place in told["published"]] == [REQUESTS, REQUESTS]
    await ann.gets(subject, count=2)

    read = await work.desk.types("events", "tail", REQUESTS, "--key", second["id"], "--json")
    [one] = [json.loads(line) for line in read.out.splitlines()]
    assert one["event"]["data"] == second["data"]
    assert one["event"]["id"] == second["id"]


async def test_a_wrong_event_stops_the_file_and_is_named(work: Work):
    good = a_request(["somebody"], "x")
    no_audience = a_request([], "x")
    del no_audience["data"]["audience"]
    misspelt = a_request(["somebody"], "x", titel="y")
    lines = "\n".join(json.dumps(one) for one in (good, no_audience, misspelt))
    before = await work.region.records(REQUESTS)
    told = await work.desk.types("events", "publish", input=lines)
    assert told.code == 1
    assert "line 2: data.audience: Field required" in told.err
    assert "line 3: data.titel: Extra inputs are not permitted" in told.err
    assert told.err.rstrip().endswith("Nothing was published.")
    assert len(await work.region.records(REQUESTS)) == len(before)


async def test_both_modes_are_read_and_what_is_no_event_is_shown_with_its_reason(work: Work):
    key = fresh("odd")
    binary = [("ce_specversion", b"1.0"), ("ce_id", b"7"), ("ce_source", b"/elsewhere")]
    binary += [("ce_type", b"org.example.Trained.v1"), ("content-type", b"application/json")]
    await work.region.publish("external.events", key, b'{"course": 7}', binary)
    await work.region.publish("external.events", key, b"\xff\xfe not json", [])
    told = await work.desk.types("events", "tail", "external.events", "--key", key)
    good, bad = told.out.splitlines()
    assert "org.example.Trained.v1" in good
    assert good.endswith('{"course": 7}')
    assert "UNREADABLE" in bad
    assert "not a CloudEvent" in bad
    await work.desk.done("dead", "drop", "--key", key, "--yes")


async def test_the_last_of_a_type_are_found_however_far_back(work: Work):
    event = a_request(["somebody"], "x")
    await work.region.publish(REQUESTS, "k", json.dumps(event).encode(), headers(event))
    for _ in range(30):
        other = a_request([], "x") | {"type": "org.example.Noise.v1"}
        await work.region.publish(REQUESTS, "k", json.dumps(other).encode(), headers(other))
    words = ("events", "tail", REQUESTS, "-n", "1", "--type", "NotificationRequested")
    told = await work.desk.types(*words)
    assert told.out.count("\n") == 1
    assert REQUEST_TYPE in told.out


async def test_following_shows_what_comes(work: Work):
    process = await work.desk.begins("events", "tail", REQUESTS, "-n", "0", "--follow", "--json")
    try:
        assert process.stderr
        assert process.stdout
        assert b"Following" in await asyncio.wait_for(process.stderr.readline(), 60)
        event = a_request(["somebody"], "x")
        await work.region.publish(REQUESTS, "k", json.dumps(event).encode(), headers(event))
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert json.loads(line)["event"]["id"] == event["id"]
    finally:
        process.terminate()
        await process.communicate()


async def test_topics_are_as_declared(work: Work):
    told = await work.desk.types("topics", "check")
    assert (told.code, told.out.strip()) == (0, "Every topic is as declared.")
