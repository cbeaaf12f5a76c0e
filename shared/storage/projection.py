"""Local copies of others' facts: a projection's writes, folded into one bulk write a collection.

Order, repetition and replay do not matter: each field remembers the sequence of the event that set it last.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne

from shared.events.event import Document


@dataclass(frozen=True, slots=True)
class Write:
    """What a projection wants its local copy to say: these fields, in this document.

    The kernel sets each field only if the event is newer than the one that last set it from that topic, so that
    order, repetition and replay do not matter. One field must come from one aggregate of a topic.
    """

    collection: str
    id: str
    fields: Document


@dataclass(slots=True)
class _Field:
    """What a field is to say, and the event it comes from: topic and sequence."""

    value: Any
    topic: str
    sequence: int | None


class Folding:
    """The writes of a batch's projections: one for each document, until they are sent."""

    def __init__(self) -> None:
        self._folded: dict[str, dict[str, dict[str, _Field]]] = defaultdict(dict)

    @property
    def collections(self) -> list[str]:
        return [*self._folded]

    def fold(self, write: Write, topic: str, sequence: int | None) -> UpdateOne | None:
        """Keep what a write says, unless a newer one says otherwise.

        Returns what has to be sent before: a field may only be folded with writes of one topic.
        """
        fields = self._folded[write.collection].setdefault(write.id, {})
        of_other_topics: dict[str, _Field] = {}
        for name, value in write.fields.items():
            before = fields.get(name)
            if before and before.topic != topic:
                of_other_topics[name], before = before, None
            if not (before and is_newer(before.sequence, sequence)):
                fields[name] = _Field(value, topic, sequence)
        return set_if_newer(write.id, of_other_topics) if of_other_topics else None

    def taken(self, collection: str) -> list[UpdateOne]:
        """The writes of a collection, which are kept no longer."""
        documents = self._folded.pop(collection, {})
        return [set_if_newer(id, fields) for id, fields in documents.items()]


def is_newer(sequence: int | None, than: int | None) -> bool:
    return sequence is not None and than is not None and sequence > than


def set_if_newer(id: str, fields: Mapping[str, _Field]) -> UpdateOne:
    """Set each field unless a newer event of the topic has set it; what set it stands under `seen`."""
    change: Document = {}
    for name, field in fields.items():
        value = {"$literal": field.value}
        if field.sequence is None:
            change[name] = value
            continue
        seen = f"seen.{field.topic.replace('.', '_')}.{name}"
        newer = {"$lt": [{"$ifNull": [f"${seen}", -1]}, field.sequence]}
        change[name] = {"$cond": [newer, value, f"${name}"]}
        change[seen] = {"$max": [f"${seen}", field.sequence]}
    return UpdateOne({"_id": id}, [{"$set": change}], upsert=True)
