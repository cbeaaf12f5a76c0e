"""The parts are what COPSE_TEST_PARTS chose: the broker and mongod that answer are the ones in these containers."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import docker
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from docker.errors import NotFound
from pymongo import MongoClient

from deploy.local.mongo import TRANSACTION_SECONDS
from deploy.local.parts import Parts
from deploy.local.processes import birth
from deploy.local.state import ROOT
from tests.support import containers, engine
from tests.support.containers import Container
from tests.support.parts import CONTAINERS, VARIABLE, chosen

on_containers = pytest.mark.skipif(
    chosen() != CONTAINERS, reason=f"asks for {VARIABLE}={CONTAINERS}"
)


@pytest.mark.skipif(chosen() == CONTAINERS, reason="asks for embedded parts")
def test_embedded_parts_are_processes_of_ours(parts: Parts) -> None:
    assert mongod(parts, "serverStatus")["pid"] == parts.mongo_process.pid
    assert parts.kafka_process.pid is not None


@on_containers
async def test_the_broker_is_the_one_in_the_container(parts: Parts) -> None:
    kafka = in_container(parts.kafka_process)
    admin = AIOKafkaAdminClient(bootstrap_servers=parts.kafka)
    await admin.start()
    cluster = await admin.describe_cluster()
    await admin.close()
    kept = kafka.run("cat", str(containers.KAFKA_DATA / "meta.properties"))
    assert f"cluster.id={cluster['cluster_id']}\n" in kept
    version = kafka.run("/opt/kafka/bin/kafka-topics.sh", "--version").split()[0]
    assert engine.image("kafka") == f"apache/kafka:{version}"


@on_containers
def test_mongod_is_the_one_in_the_container_and_told_the_same(parts: Parts) -> None:
    mongo = in_container(parts.mongo_process)
    host = mongod(parts, "hostInfo")["system"]["hostname"].partition(":")[0]
    assert len(host) >= 12
    assert mongo.id.startswith(host), "a container's name to itself is the beginning of its id"
    version = mongod(parts, "buildInfo")["version"]
    assert f"db version v{version}" in mongo.run("mongod", "--version")
    told = mongod(parts, "getParameter", transactionLifetimeLimitSeconds=1)
    assert told["transactionLifetimeLimitSeconds"] == TRANSACTION_SECONDS


@on_containers
def test_whose_first_process_is_killed_from_outside_starts_again_at_once(parts: Parts) -> None:
    mongo = in_container(parts.mongo_process)
    if mongo.pid is None:
        pytest.skip("asks to be root on the machine of the containers")
    pid = mongo.pid
    os.kill(pid, signal.SIGKILL)
    while birth(pid):
        time.sleep(0.001)
    assert not mongo.alive
    mongo.pause()  # what is dead cannot be paused, and that is no error
    mongo.start()
    assert mongo.pid not in (None, pid)
    assert mongod(parts, "ping")["ok"]


@pytest.fixture
def left() -> Iterator[str]:
    """The id of a container whose run was killed."""
    program = f"""
import os, signal
from deploy.local.ports import free
from {containers.__name__} import mongo
part = mongo(free()["mongo"])
part.spawn()
print(part.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "TESTCONTAINERS_RYUK_DISABLED": "true"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert re.fullmatch(r"[0-9a-f]{64}\n", done.stdout), done.stderr
    yield done.stdout.strip()
    with closing(docker.from_env()) as client, suppress(NotFound):
        client.containers.get(done.stdout.strip()).remove(force=True, v=True)


@on_containers
def test_what_a_killed_run_left_is_removed_by_the_next_and_nothing_else(
    left: str, parts: Parts
) -> None:
    with closing(docker.from_env()) as client:
        assert left in {one.id for one in client.containers.list()}
        engine.remove_what_dead_runs_left(client)
        there = {one.id for one in client.containers.list(all=True)}
    assert left not in there
    assert in_container(parts.kafka_process).id in there


def in_container(part: object) -> Container:
    assert isinstance(part, Container)
    return part


def mongod(parts: Parts, command: str, **more: int) -> dict:
    """What mongod answers to an administrator."""
    with MongoClient(parts.mongo) as client:
        return client.admin.command(command, 1, **more)
