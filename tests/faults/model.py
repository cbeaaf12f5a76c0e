"""The reference model: what was acknowledged, and what must follow from it, in plain lists and counters."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

Said = tuple[str, str, str]
"""What an event says, without its ids and times: its name, whom it is about, and one thing more."""
Key = tuple[str, str]
"""A topic and a key on it."""


def said(name: str, data: dict[str, Any]) -> Said:
    """What an event says, from its type's name and its data."""
    about = str(data.get("person_id") or "")
    more = next((data[one] for one in ("role", "position", "left", "amount") if data.get(one)), "")
    return name, about, str(more)


@dataclass
class Model:
    """Filled by the load as commands are acknowledged; the checker compares it with what it finds."""

    chains: defaultdict[Key, list[Counter[Said]]] = field(default_factory=lambda: defaultdict(list))
    """What each key's events say, in order; what was asked side by side is one step."""
    sometime: defaultdict[Key, Counter[Said]] = field(default_factory=lambda: defaultdict(Counter))
    """What must follow on a key from another service's event, whenever."""
    memberships: dict[str, tuple[str, str | None]] = field(
        default_factory=dict[str, tuple[str, str | None]]
    )
    """community:person → status and role, as every service must know them in the end."""
    answers: dict[str, str] = field(default_factory=dict[str, str])
    """meeting:person → what notifications must know of their answer."""
    told: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Rule and person → how many notifications they must have, no more and no less."""
    perhaps_told: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """As many more they may have: they left while it was told."""
    deposits: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """The sample's accounts; what was paid in, acknowledged, in any order."""
    foreign: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Accounts of another system, in order: this service only hears of them."""
    commands: int = 0
    published: int = 0
    refused: list[str] = field(default_factory=list[str])
    """Commands that were answered as they never may be."""

    def then(self, key: Key, *events: Said) -> None:
        """A command was acknowledged; its events follow one another."""
        self.chains[key] += [Counter([one]) for one in events]

    def together(self, key: Key, *events: Said) -> None:
        """Commands side by side were acknowledged."""
        self.chains[key].append(Counter(events))

    @property
    def to_the_sample(self) -> int:
        """Events that its consumer gets, repetitions left out."""
        return sum(map(len, (*self.deposits.values(), *self.foreign.values())))

    @property
    def events(self) -> int:
        """Events that were acknowledged: by an answer to a command, or by Kafka to another system."""
        chained = sum(step.total() for steps in self.chains.values() for step in steps)
        deposits = sum(map(len, self.deposits.values()))
        return chained + deposits + self.published
