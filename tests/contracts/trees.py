"""An event as it was when it was recorded, and the same event today."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.events.event import Event
from shared.types.clock import Moment


class Part(BaseModel):
    """Something within an event."""

    name: str
    size: int = 1


def recorded() -> type[Event]:
    """An event as it was when it was recorded."""

    class Planted(Event, topic="wood.trees", key="tree_id"):
        """A topic's base."""

        tree_id: str

    class TreePlanted(Planted):
        """A tree stands."""

        kind: Literal["oak", "ash"]
        height: int
        planted_at: Moment
        note: str | None = None
        label: str = Field(default="tree", max_length=10)
        parts: tuple[Part, ...] = ()

    return TreePlanted


def now(
    key: str = "tree_id", topic: str = "wood.trees", without: str = "", **fields: Any
) -> type[Event]:
    """The same event today, with some fields otherwise: name=(type, default) or name=type."""
    before = recorded()
    kept = {n: f for n, f in before.model_fields.items() if n != without}
    annotations = {n: f.annotation for n, f in kept.items()}
    values = {n: before.model_fields[n] for n in kept}
    annotations["planted_at"] = Moment
    for name, field in fields.items():
        annotations[name], *default = field if isinstance(field, tuple) else (field,)
        values.pop(name, None)
        if default:
            values[name] = default[0]
    base = type(
        "Base",
        (Event,),
        {"__annotations__": {"tree_id": str}, "__module__": __name__},
        topic=topic,
        key=key,
    )
    body = {"__annotations__": annotations, "__module__": __name__, **values}
    return type("TreePlanted", (base,), body)
