"""Offsets of a restored partition: records that compaction took away leave no gap there. Pure."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping

from aiokafka import TopicPartition

from shared.events.event import Document
from shared.storage.layout import PARKED, WATERMARKS


class Places:
    """Which old offset every record of a partition had; its new one is its place among them."""

    def __init__(self, first: int, end: int) -> None:
        self._first = first
        self._end = end
        self._offsets = array("q")
        self._gaps = first > 0

    def add(self, offset: int) -> None:
        self._gaps = self._gaps or offset != len(self._offsets)
        self._offsets.append(offset)

    @property
    def moved(self) -> bool:
        return self._gaps or self._end > len(self._offsets)

    def watermark(self, old: int) -> int:
        """The new offset of the last record up to an old one; -1 for none."""
        return bisect_right(self._offsets, old) - 1

    def position(self, old: int) -> int:
        """The new offset of a record. One that is not there any more is before all others, in their order."""
        at = bisect_left(self._offsets, old)
        there = at < len(self._offsets) and self._offsets[at] == old
        return at if there else old - self._end - 1


def moving(places: Mapping[TopicPartition, Places]) -> Callable[[str, Document], Document]:
    """What a service knows of offsets, as they are in the restored Kafka."""

    def change(collection: str, document: Document) -> Document:
        if collection not in (WATERMARKS, PARKED):
            return document
        topic, number = str(document["_id"]).split(":")[:2]
        place = places.get(TopicPartition(topic, int(number)))
        if place is None or not place.moved:
            return document
        if collection == WATERMARKS:
            offset = place.watermark(document["offset"])
            return document if offset == document["offset"] else {**document, "offset": offset}
        offset = place.position(document["offset"])
        if offset == document["offset"]:
            return document
        return {**document, "_id": f"{topic}:{number}:{offset}", "offset": offset}

    return change
