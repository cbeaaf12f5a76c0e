"""A service's handlers may stand in several tables that are included in one."""

import pytest

from shared.consuming.handlers import Handlers
from shared.contracts.membership import MemberJoined, PersonRegistered
from shared.events.cloudevents import Envelope
from shared.events.event import Document
from shared.runtime.runtime import Runtime
from shared.runtime.settings import Settings
from shared.storage.projection import Write
from shared.storage.unit_of_work import Transaction


def a_slice(group: str = "sliced") -> Handlers:
    """A table with a projection, a reaction, a watcher and a chore."""
    on = Handlers(group, topics={"a.topic"})

    @on.projection(PersonRegistered)
    def person(event: PersonRegistered) -> Write:
        return Write("people", event.person_id, {})

    @on(MemberJoined, PersonRegistered)
    async def greet(event: MemberJoined | PersonRegistered, tx: Transaction) -> None: ...

    @on.anything
    async def watch(event: Envelope[Document], tx: Transaction) -> None: ...

    @on.every(seconds=1)
    async def sweep(runtime: Runtime[Settings]) -> None: ...

    return on


def test_what_is_included_is_handled_in_the_order_of_the_tables() -> None:
    whole = Handlers("sliced").include(a_slice(), a_slice())
    assert whole.wiring() == {
        PersonRegistered.type: ["person", "person", "greet", "greet"],
        MemberJoined.type: ["greet", "greet"],
    }
    assert [watcher.__name__ for watcher in whole.watchers] == ["watch", "watch"]
    assert [chore.name for chore in whole.chores] == ["sweep", "sweep"]
    assert whole.topics == {"a.topic", PersonRegistered.topic, MemberJoined.topic}
    assert {*whole.models} == {PersonRegistered.type, MemberJoined.type, "*"}


def test_a_table_that_is_included_stays_as_it_was() -> None:
    part = a_slice()
    before = part.wiring()
    Handlers("sliced").include(part, a_slice())
    assert part.wiring() == before


def test_handlers_of_another_group_are_refused() -> None:
    with pytest.raises(ValueError, match="other"):
        Handlers("sliced").include(a_slice("other"))
