"""What resources publishes: what a community shares."""

from typing import Literal

from shared.events.event import Event


class ResourceEvent(Event, topic="resources.items", key="resource_id"):
    resource_id: str
    community_id: str


class ResourceShared(ResourceEvent):
    """A member shared a link or a file with a community."""

    kind: Literal["link", "file"]
    title: str
    shared_by: str
    version: int = 1
    url: str | None = None
    """Where a link leads."""


class ResourceRevised(ResourceEvent):
    """What is shared has a new version."""

    title: str
    version: int
    revised_by: str


class ResourceRestored(ResourceEvent):
    """An earlier version is the newest again, under a new number."""

    version: int
    restored_version: int
    restored_by: str


class ResourceBinned(ResourceEvent):
    """What was shared is in the recycle bin; nobody sees it."""

    binned_by: str


class ResourceRecovered(ResourceEvent):
    """What was in the recycle bin is shared again."""

    recovered_by: str
