"""Looking closely while things happen, and now and then when nothing does."""

from services.notifications.model import Attention


def looks(attention: Attention, turns: int, *, something: bool = False) -> int:
    """How many of the turns are looked in, always finding the same."""
    taken = 0
    for _ in range(turns):
        if attention.looks():
            taken += 1
            attention.saw(something=something)
    return taken


def test_while_there_is_something_every_turn_is_taken() -> None:
    assert looks(Attention(), 100, something=True) == 100


def test_when_nothing_happens_most_turns_cost_nothing() -> None:
    attention = Attention()
    looks(attention, 50)
    assert looks(attention, 100) == 20


def test_the_next_turn_is_taken_when_something_is_going_to_be_there() -> None:
    attention = Attention()
    looks(attention, 51)
    attention.saw(something=True)
    assert attention.looks()
