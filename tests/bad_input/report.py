"""What came of bad input, and the figures of it."""

import json
from collections import Counter
from dataclasses import dataclass, field

from tests.bad_input.sending import Sent, told


@dataclass
class Report:
    """What was sent, what became of it, and what is wrong with that."""

    sent: Sent = field(default_factory=Sent)
    done: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    tried_again: Counter[str] = field(default_factory=Counter)
    """Why events were held: each of these looked as if another try might help."""
    memory: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """MB of each service: before, after, and at most."""
    seconds: float = 0
    dead_letters: int = 0


def summary(report: Report) -> str:
    """The figures, as JSON to read."""
    sent = report.sent
    return json.dumps(
        {
            "bad records": len(sent.bad),
            "good events": len(sent.good_at),
            "kinds": len(told(sent)),
            "batches kept by the broker": len(sent.batches),
            "kinds of batches it refused": len(sent.refused),
            "outcomes": {
                name: dict(sum(topics.values(), Counter())) for name, topics in report.done.items()
            },
            "parked": report.dead_letters,
            "tried again in vain": report.tried_again,
            "memory MB (before, after, most)": report.memory,
            "seconds": round(report.seconds),
            "wrong": len(report.wrong),
        },
        indent=1,
    )
