"""What a service does when something happens elsewhere: `on = Handlers("scheduling")`, `@on(MemberJoined)`."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from shared.events.cloudevents import Envelope
from shared.events.event import Document, Event
from shared.storage.projection import Write
from shared.storage.unit_of_work import Transaction

Reaction = Callable[[Any, Transaction], Awaitable[None]]
Projection = Callable[[Any], "Write | Sequence[Write] | None"]
Watcher = Callable[[Envelope[Document], Transaction], Awaitable[None]]
Work = Callable[[Any], Awaitable["bool | None"]]
"""What a chore does, given the Runtime. True: there may be more to do at once."""
Lifespan = Callable[[Any], AsyncGenerator["Iterable[Chore]"]]
R = TypeVar("R", bound=Reaction)
P = TypeVar("P", bound=Projection)
W = TypeVar("W", bound=Watcher)
C = TypeVar("C", bound=Work)


@dataclass(frozen=True, slots=True)
class Chore:
    """What is to be done now and then: every so many seconds, and at once when a commit wakes it by its name."""

    name: str
    seconds: float
    work: Work


@dataclass(slots=True)
class Handling:
    """What a service does about one event type."""

    projections: list[Projection] = field(default_factory=list[Projection])
    reactions: list[Reaction] = field(default_factory=list[Reaction])


class Handlers:
    """The table of a service's handlers. `topics` adds to those of the handled events."""

    def __init__(self, group: str, topics: Iterable[str] = ()) -> None:
        self.group = group
        self.handlers: dict[str, Handling] = {}
        self.watchers: list[Watcher] = []
        self.chores: list[Chore] = []
        self.lifespans: list[Callable[[Any], AbstractAsyncContextManager[Iterable[Chore]]]] = []
        self.topics: set[str] = set(topics)
        self.models: dict[str, Any] = {}

    def __call__(self, *events: type[Event]) -> Callable[[R], R]:
        """A reaction: loads, decides, saves; takes effect once for each event."""

        def register(reaction: R) -> R:
            for event in events:
                self._of(event).reactions.append(reaction)
            return reaction

        return register

    def projection(self, *events: type[Event]) -> Callable[[P], P]:
        """A local copy: a pure function from an event to what a document now says."""

        def register(projection: P) -> P:
            for event in events:
                self._of(event).projections.append(projection)
            return projection

        return register

    def anything(self, watcher: W) -> W:
        """A reaction to every event of the topics, whoever defined its type."""
        self.watchers.append(watcher)
        self.models["*"] = Any  # whatever it holds: who made up the type says what belongs in it
        return watcher

    def every(self, *, seconds: float) -> Callable[[C], C]:
        """A chore that time brings; every replica runs it, so it claims what it works on.

        It is given the Runtime. `tx.wake("its name")` brings it at once; who returns True is called again at once.
        """

        def register(work: C) -> C:
            self.chores.append(Chore(work.__name__, seconds, work))
            return work

        return register

    def lifespan(self, lifespan: Lifespan) -> Lifespan:
        """What lives as long as the service: an async generator, given the Runtime, that yields its chores once."""
        self.lifespans.append(asynccontextmanager(lifespan))
        return lifespan

    def include(self, *others: "Handlers") -> Self:
        """All that these tables hold as well, in their order: a service may be made of slices, each with its own."""
        for other in others:
            if other.group != self.group:
                raise ValueError(f"handlers of {other.group} cannot be those of {self.group}")
            for type, handling in other.handlers.items():
                here = self.handlers.setdefault(type, Handling())
                here.projections += handling.projections
                here.reactions += handling.reactions
            self.watchers += other.watchers
            self.chores += other.chores
            self.lifespans += other.lifespans
            self.topics |= other.topics
            self.models |= other.models
        return self

    def _of(self, event: type[Event]) -> Handling:
        self.topics.add(event.topic)
        self.models[event.type] = event
        return self.handlers.setdefault(event.type, Handling())

    def reacts_to(self, type: str) -> bool:
        """Whether more than projections happen: then its id must be remembered."""
        return bool(self.watchers) or bool(self.handlers.get(type, _NOTHING).reactions)

    async def handle(self, envelope: Envelope[Any], topic: str, tx: Transaction) -> None:
        """Let everything happen that this event brings about here, inside the transaction."""
        handlers = self.handlers.get(envelope.type, _NOTHING)
        for projection in handlers.projections:
            writes = projection(envelope.data)
            for write in [writes] if isinstance(writes, Write) else writes or ():
                tx.project(write, topic, envelope.sequence)
        for reaction in handlers.reactions:
            await reaction(envelope.data, tx)
        if self.watchers:
            untyped = _untyped(envelope)
            for watcher in self.watchers:
                await watcher(untyped, tx)

    def wiring(self) -> Mapping[str, Sequence[str]]:
        """Event type → names of what handles it; the flow picture is drawn from this."""
        return {
            type: [f.__name__ for f in (*handling.projections, *handling.reactions)]
            for type, handling in self.handlers.items()
        }


_NOTHING = Handling()


def _untyped(envelope: Envelope[Any]) -> Envelope[Document]:
    data = envelope.data
    plain = data.model_dump(mode="json") if isinstance(data, Event) else data
    return envelope.model_copy(update={"data": plain})
