"""Every event that a service publishes, a module an owner. Importing this package knows them all."""

from shared.contracts import membership, notifications, resources, scheduling
from shared.events.event import EVENTS

TOPICS = frozenset(
    event.topic for event in EVENTS.values() if event.__module__.startswith(__name__)
)
"""Every topic that a service of Copse owns."""

__all__ = ["TOPICS", "membership", "notifications", "resources", "scheduling"]
