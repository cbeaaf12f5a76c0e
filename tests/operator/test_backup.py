"""The drill: a backup of a system at work, restored elsewhere, equals it and goes on where it was."""

import asyncio
import json
import shutil
import stat
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from pymongo import MongoClient

from deploy.cli.backup.manifest import (
    Manifest,
    collection_file,
    decoded,
    partition_file,
    reading,
)
from deploy.local import ports, services
from deploy.local.throwaway import throwaway
from shared.events.cloudevents import TYPE_HEADER
from tests.kernel.world import until
from tests.operator.desk import REQUESTS, Desk, Work, a_request, at_work, headers
from tests.support.parts import start_parts, start_system
from tests.system.region import fresh

pytestmark = pytest.mark.timeout(420)
COMMUNITIES = "membership.communities"
TAKEN_BACK = "This was taken back"


@dataclass
class Joining:
    """People who join one after the other, and how long each had to wait."""

    joined: list[str] = field(default_factory=list)
    longest: float = 0.0


@asynccontextmanager
async def people_joining(work: Work, community_id: str) -> AsyncIterator[Joining]:
    joining, clock = Joining(), asyncio.get_running_loop().time

    async def join_on_and_on() -> None:
        while True:
            person, began = work.region.person("joiner"), clock()
            path = f"/communities/{community_id}/members"
            reply = await person.ask("POST", "membership", path, json={})
            assert reply.status_code == 201, reply.text
            joining.longest = max(joining.longest, clock() - began)
            joining.joined.append(person.person_id)

    task = asyncio.create_task(join_on_and_on())
    try:
        yield joining
    finally:
        task.cancel()
        [ended] = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(ended, asyncio.CancelledError), ended


async def test_a_backup_of_a_system_at_work_is_restored_and_goes_on(work: Work, tmp_path: Path):
    ann, told = work.region.person("ann"), fresh("Before the backup")
    community_id = await work.region.community(ann)
    await shifted_offsets(work, ann.person_id, told)
    await ann.gets(told, count=3)

    folder = tmp_path / "backup"
    async with people_joining(work, community_id) as joining:
        made = await work.desk.done("backup", str(folder))
    assert len(joining.joined) > 10, "commands are answered while a backup is taken"
    assert joining.longest < 5
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    assert (made["documents"], made["records"]) == (manifest.documents, manifest.records)
    kept = [
        raw
        for number in range(len(manifest.topics[REQUESTS].partitions))
        for raw in reading(partition_file(folder, REQUESTS, number))
    ]
    assert any(told.encode() in raw for raw in kept)
    assert not any(TAKEN_BACK.encode() in raw for raw in kept)
    assert modes(folder) == {0o700, 0o600}, "a backup holds personal data"
    assert not folder.with_name("backup.unfinished").exists()

    with throwaway() as elsewhere:
        on = ports.free(services.names())
        with await asyncio.to_thread(start_parts, elsewhere, on) as parts:
            desk = Desk(elsewhere, parts)
            restored = await desk.done("restore", str(folder))
            assert restored["moved"] > 0, "the watermark behind the gaps is another one now"
            seen, faults = await desk.status_of("notifications")
            assert seen["members"] == 0, "a Kafka that never had a group is asked for one"
            assert "notifications: does not run" in faults
            await equal(desk, folder, manifest, tmp_path / "again")
            refused = await desk.types("restore", str(folder))
            assert refused.code == 1
            assert "empty MongoDB and an empty Kafka only. There is: membership." in refused.err
            await goes_on(work, desk, on, folder, ann.address)


async def shifted_offsets(work: Work, person_id: str, told: str) -> None:
    """Every transaction ends with an offset that is no record: a restored topic has none of these.

    Nor has it what a transaction took back.
    """
    producer = AIOKafkaProducer(bootstrap_servers=work.desk.parts.kafka, transactional_id="drill")
    await producer.start()
    try:
        for number in range(3):
            event = a_request([person_id], f"{told} {number}")
            async with producer.transaction():
                await producer.send_and_wait(
                    REQUESTS, json.dumps(event).encode(), key=b"drill", headers=headers(event)
                )
        await producer.begin_transaction()
        event = a_request([person_id], TAKEN_BACK)
        await producer.send_and_wait(
            REQUESTS, json.dumps(event).encode(), key=b"drill", headers=headers(event)
        )
        await producer.abort_transaction()
    finally:
        await producer.stop()


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(one.stat().st_mode) for one in (folder, *folder.rglob("*"))}


async def equal(desk: Desk, folder: Path, manifest: Manifest, again: Path) -> None:
    """A backup of what was restored is the same, but for offsets, which have no gaps any more."""
    await desk.done("backup", str(again))
    other = Manifest.model_validate_json((again / "manifest.json").read_bytes())
    assert other.databases.keys() == manifest.databases.keys()
    for name, collections in manifest.databases.items():
        for collection, one in collections.items():
            there = other.databases[name][collection]
            assert there.count == one.count
            assert there.indexes == one.indexes
            if collection not in ("watermarks", "parked"):
                assert there.sha256 == one.sha256, f"{name}.{collection}"
    for name, topic in manifest.topics.items():
        assert other.topics[name].settings == topic.settings
        for number in range(len(topic.partitions)):
            before, after = (records(where, name, number) for where in (folder, again))
            assert before == after, f"{name}:{number}"


def records(folder: Path, topic: str, number: int) -> list[dict[str, Any]]:
    """What a partition held, without its offsets."""
    file = partition_file(folder, topic, number)
    return [{**decoded(raw), "offset": None} for raw in reading(file)]


def known(backup: Path) -> list[str]:
    """Ids of the events of communities that were published."""
    files = sorted((backup / "kafka" / COMMUNITIES).iterdir())
    return [json.loads(decoded(raw)["value"])["id"] for file in files for raw in reading(file)]


def waiting(backup: Path) -> list[str]:
    """Ids of those that were not yet."""
    outbox = [decoded(raw) for raw in reading(collection_file(backup, "membership", "outbox"))]
    assert outbox, "a backup under load has events that wait"
    return [one["_id"] for one in outbox if one["topic"] == COMMUNITIES]


async def goes_on(work: Work, desk: Desk, on: ports.Ports, backup: Path, address: str) -> None:
    """Started on what was restored, the services finish what was begun, once, and redo nothing."""
    folder = desk.folder
    shutil.copytree(work.desk.folder / "keys", folder / "keys")
    with await asyncio.to_thread(start_system, folder, on, parts=desk.parts) as system:
        async with at_work(folder, system) as there:

            async def fine() -> bool:
                status = (await there.desk.types("status", "--json")).json
                idle = all(
                    not one["lag_records"] and not one["outbox"] for one in status["services"]
                )
                return idle and not status["wrong"]

            await until(fine, seconds=90, every=0.3)
            assert await there.region.mails_to(address) == [], "a notice is not sent twice"
            published = await there.region.records(COMMUNITIES)
            ids = [json.loads(record.value)["id"] for record in published]
            assert sorted(ids) == sorted([*known(backup), *waiting(backup)])
            joined = Counter(
                json.loads(one.value)["data"]["person_id"]
                for one in published
                if dict(one.headers)[TYPE_HEADER].endswith(b".MemberJoined.v1")
            )
            with MongoClient(there.desk.parts.mongo) as client:
                members = {
                    one["person_id"]
                    for one in client["membership"]["standings"].find({"status": "active"})
                }
                assert {*joined} == members, "what the topics tell is what their owner knows"
                for name in ("scheduling", "notifications", "resources"):
                    found = client[name]["memberships"].find({})
                    assert {one["person_id"] for one in found} >= members, name
