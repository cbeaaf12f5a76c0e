"""What badges publishes: what people are known for."""

from shared.events.event import Event


class HolderEvent(Event, topic="badges.holders", key="person_id"):
    person_id: str


class BadgeGiven(HolderEvent):
    """Who joined a community for the first time has a badge."""

    community_id: str
