"""Topics as they are in Kafka, beside those declared."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.topics.declared import Topic

SET_ON_THE_TOPIC = 1  # Kafka's code for where a setting comes from


class Unreachable(Exception):
    """No broker answered in time."""


@dataclass(frozen=True)
class Found:
    partitions: int
    settings: dict[str, str]


@dataclass(frozen=True)
class Plan:
    missing: list[Topic]
    changed: list[Topic]
    changes: list[str]
    refused: list[str]

    @property
    def nothing_to_do(self) -> bool:
        return not (self.missing or self.changed or self.refused)


def compare(topics: Iterable[Topic], found: dict[str, Found]) -> Plan:
    plan = Plan([], [], [], [])
    for topic in topics:
        there = found.get(topic.name)
        if there is None:
            plan.missing.append(topic)
            continue
        if there.partitions != topic.partitions:
            plan.refused.append(
                f"{topic.name} has {there.partitions} partitions, declared are {topic.partitions}: keys would move to "
                "other partitions and their events lose their order. Declare a topic of a new name instead."
            )
        if there.settings != topic.settings:
            plan.changed.append(topic)
            for key in sorted(there.settings.keys() | topic.settings.keys()):
                before, after = there.settings.get(key, "unset"), topic.settings.get(key, "unset")
                if before != after:
                    plan.changes.append(f"{topic.name}: {key} from {before} to {after}")
    return plan


async def look(admin: AIOKafkaAdminClient, topics: Iterable[Topic]) -> dict[str, Found]:
    """Those of the topics that exist."""
    # All are listed, because asking for one by its name may create it.
    partitions = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}
    names = [topic.name for topic in topics if topic.name in partitions]
    if not names:
        return {}
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, Found] = {}
    for code, message, _, name, entries in _resources(await admin.describe_configs(wanted)):
        _raise_for(code, message)
        own = {key: value for key, value, _, source, *_ in entries if source == SET_ON_THE_TOPIC}
        found[name] = Found(partitions[name], own)
    return found


async def carry_out(admin: AIOKafkaAdminClient, plan: Plan, wait: float) -> None:
    """Create and change; what the plan refuses stays as it is."""
    if plan.missing:
        new = [
            NewTopic(t.name, t.partitions, t.replication, topic_configs=t.settings)
            for t in plan.missing
        ]
        response: Any = await admin.create_topics(new)
        for _, code, message in response.topic_errors:
            if code != TopicAlreadyExistsError.errno:  # somebody else is applying the same file
                _raise_for(code, message)
        await _until_led(admin, {topic.name for topic in plan.missing}, wait)
    if plan.changed:
        wanted = [
            ConfigResource(ConfigResourceType.TOPIC, topic.name, topic.settings)
            for topic in plan.changed
        ]
        for code, message, *_ in _resources(await admin.alter_configs(wanted)):
            _raise_for(code, message)


@asynccontextmanager
async def connected(
    bootstrap: str, wait: float, **access: Any
) -> AsyncGenerator[AIOKafkaAdminClient]:
    """An admin client, after waiting up to `wait` seconds for a broker.

    `access` is what lets one in: `KafkaSettings.kafka_access`.
    """
    logging.getLogger("aiokafka").setLevel(
        logging.CRITICAL
    )  # each attempt would be told as an error
    until = time.monotonic() + wait
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **access)
        try:
            await admin.start()
            break
        except KafkaError as error:
            await admin.close()
            if time.monotonic() > until:
                raise Unreachable(
                    f"No Kafka broker answered at {bootstrap} within {wait:.0f} s: {error}"
                ) from error
            await asyncio.sleep(0.5)
    try:
        yield admin
    finally:
        await admin.close()


async def _until_led(admin: AIOKafkaAdminClient, names: set[str], wait: float) -> None:
    """A topic can be used when each of its partitions has a leader, a moment after it was created."""
    until = time.monotonic() + wait
    while True:
        topics = [one for one in await admin.describe_topics() if one["topic"] in names]
        leaders = [part["leader"] for one in topics for part in one["partitions"]]
        if len(topics) == len(names) and all(leader >= 0 for leader in leaders):
            return
        if time.monotonic() > until:
            raise Unreachable(f"New topics have no leader after {wait:.0f} s.")
        await asyncio.sleep(0.1)


def _resources(responses: list[Any]) -> list[tuple[Any, ...]]:
    return [resource for response in responses for resource in response.resources]


def _raise_for(code: int, message: str | None) -> None:
    if code:
        raise for_code(code)(message)
