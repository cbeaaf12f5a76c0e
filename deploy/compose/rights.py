"""Who may do what in Kafka: read off the handlers' tables and the contracts, as docs/flow.md is."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from deploy.compose.outside import OPERATOR, Guest, guests
from deploy.docs import flow, system
from deploy.docs.system import Service


class Kind(IntEnum):
    """Kafka's codes for what a right is about."""

    topic = 2
    group = 3
    cluster = 4


class Operation(IntEnum):
    """Kafka's codes for what a right allows; read and write include describe."""

    all = 2
    read = 3
    write = 4
    describe = 8
    describe_configs = 10


@dataclass(frozen=True, order=True)
class Right:
    user: str
    operation: Operation
    kind: Kind
    name: str
    prefix: bool = False
    """Whether `name` is how names begin."""


def rights() -> frozenset[Right]:
    """Everything that is allowed; what is not here is refused."""
    found = set(of_the_operator())
    for service in system.services():
        found |= {*of_a_service(service)}
    for name, guest in guests().items():
        found |= {*of_a_guest(name, guest)}
    return frozenset(found)


def of_a_service(service: Service) -> Iterator[Right]:
    """It publishes its own events, reads what it handles, and sets aside what it cannot."""
    own = [topic for topic in system.topics() if service.name in flow.publishers(topic)]
    yield from (Right(service.name, Operation.write, Kind.topic, topic) for topic in own)
    for topic in service.on.topics:
        yield Right(service.name, Operation.read, Kind.topic, topic)
        yield Right(service.name, Operation.write, Kind.topic, f"{topic}.dead")
    if service.on.topics:
        yield Right(service.name, Operation.read, Kind.group, service.on.group)


def of_a_guest(name: str, guest: Guest) -> Iterator[Right]:
    """What outside.yaml says; and why its events were set aside."""
    for topic in guest.publishes:
        yield Right(name, Operation.write, Kind.topic, topic)
    for topic in guest.reads.union(f"{topic}.dead" for topic in guest.publishes):
        yield Right(name, Operation.read, Kind.topic, topic)
    yield Right(name, Operation.read, Kind.group, name)
    yield Right(name, Operation.read, Kind.group, f"{name}-", prefix=True)


def of_the_operator() -> Iterator[Right]:
    """Every topic and group, for the topics job and the `copse` command; but no rights to give away."""
    yield Right(OPERATOR, Operation.all, Kind.topic, "*")
    yield Right(OPERATOR, Operation.all, Kind.group, "*")
    yield Right(OPERATOR, Operation.describe, Kind.cluster, "kafka-cluster")
    yield Right(OPERATOR, Operation.describe_configs, Kind.cluster, "kafka-cluster")
