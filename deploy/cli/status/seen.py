"""What is seen of the system at one moment, and what of it is wrong. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

LAG_SECONDS = 20.0
OUTBOX_SECONDS = 10.0


@dataclass(frozen=True)
class Limits:
    """Beyond these a service is degraded."""

    lag_seconds: float = LAG_SECONDS
    outbox_seconds: float = OUTBOX_SECONDS


@dataclass(frozen=True)
class Service:
    """A service by its traces in MongoDB and Kafka; it is not asked itself."""

    name: str
    listens: bool  # it has applied something, or was asked to
    members: int | None = None  # of its consumer group; None where Kafka cannot be asked
    lag_records: int | None = None
    lag_seconds: float | None = None  # age of the oldest record that is not applied
    odd: list[str] = field(default_factory=list[str])  # of its partitions, in sentences
    held: int = 0
    failing: int = 0  # of the held: those that failed; the others wait behind one of their key
    dead: int = 0
    outbox: int = 0
    outbox_seconds: float | None = None  # age of the oldest event that waits for Kafka
    relay: str | None = None  # who publishes
    deliveries: dict[str, int] = field(default_factory=dict[str, int])  # by state, the troubled

    @property
    def backed_up_now(self) -> bool:
        return (self.relay or "").startswith("backup:")


@dataclass(frozen=True)
class Seen:
    kafka: str | None  # what is wrong with it
    mongo: str | None
    services: list[Service]


def wrong(seen: Seen, limits: Limits) -> Iterator[str]:
    """Each thing that makes the system degraded, in a sentence."""
    if seen.kafka:
        yield f"Kafka is away: {seen.kafka}"
    if seen.mongo:
        yield f"MongoDB is away: {seen.mongo}"
    elif not seen.services:
        yield "No service has ever run here."
    for one in seen.services:
        for fault in _of(one, limits):
            yield f"{one.name}: {fault}"


def _of(one: Service, limits: Limits) -> Iterator[str]:
    if not (one.members or one.relay):
        yield "does not run"
    elif one.listens and one.members == 0:
        yield "nobody consumes for it"
    elif not one.relay:
        yield "nobody publishes for it"
    if one.lag_seconds is not None and one.lag_seconds > limits.lag_seconds:
        yield (
            f"{one.lag_records} records behind, the oldest waits for {one.lag_seconds:.0f} s"
            f" (limit {limits.lag_seconds:g})"
        )
    yield from one.odd
    if one.outbox_seconds is not None and one.outbox_seconds > limits.outbox_seconds:
        why = ", while a backup holds them" if one.backed_up_now else ""
        yield (
            f"{one.outbox} events wait for Kafka, the oldest for {one.outbox_seconds:.0f} s"
            f" (limit {limits.outbox_seconds:g}){why}"
        )
    if one.dead:
        yield f"{one.dead} dead letters: copse dead list --service {one.name}"
