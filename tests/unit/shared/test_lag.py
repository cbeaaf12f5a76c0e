"""How far behind a member is, in seconds: never less than it is, and 0 when nothing waits."""

import pytest
from aiokafka import TopicPartition
from prometheus_client import REGISTRY

from shared.consuming import lag
from shared.consuming.lag import Lag

TP, OTHER = TopicPartition("t", 0), TopicPartition("t", 1)
NOW = 1_800_000_000.0


class Machine:
    """The machine's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def time(self) -> float:
        return self.now


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    one = Machine()
    monkeypatch.setattr(lag, "time", one)
    return one


def shown(tp: TopicPartition, name: str = "copse_lag_seconds") -> float | None:
    """What a scrape would read."""
    return REGISTRY.get_sample_value(name, {"topic": tp.topic, "partition": str(tp.partition)})


def test_where_nothing_waits_the_lag_is_nothing(machine: Machine) -> None:
    here = Lag()
    here.assigned([TP])
    assert shown(TP) == 0
    for _ in range(3):
        here.measured(TP, 0)
        machine.now += 1.1
        assert shown(TP) == 0


def test_a_record_in_a_stuck_hand_grows_older(machine: Machine) -> None:
    here = Lag()
    here.assigned([TP])
    here.taken(TP, int((NOW - 7) * 1000))
    assert shown(TP) == 7
    machine.now += 60
    here.measured(TP, 3)
    assert shown(TP) == 67
    here.applied(TP, int(machine.now * 1000))
    assert shown(TP) == 0


def test_what_waits_unseen_is_no_younger_than_the_last_look_that_saw_nothing(
    machine: Machine,
) -> None:
    here = Lag()
    here.assigned([TP])
    here.measured(TP, 0)
    machine.now += 2
    here.measured(TP, 5)
    machine.now += 1
    assert shown(TP) == 3
    here.measured(TP, 0)
    assert shown(TP) == 0


def test_while_nobody_can_ask_kafka_the_lag_grows(machine: Machine) -> None:
    here = Lag()
    here.assigned([TP])
    here.measured(TP, 0)
    machine.now += 40
    assert shown(TP) == 40


@pytest.mark.parametrize("published_ms", [-1, 0, int((NOW + 3600) * 1000)])
def test_a_clock_that_is_wrong_hides_no_lag(machine: Machine, published_ms: int) -> None:
    here = Lag()
    here.assigned([TP])
    here.taken(TP, published_ms)
    machine.now += 30
    assert shown(TP) == 30


def test_what_is_no_longer_ours_is_no_longer_shown(machine: Machine) -> None:
    here = Lag()
    here.assigned([TP, OTHER])
    here.measured(TP, 1)
    here.measured(OTHER, 1)
    here.revoked(TP)
    here.taken(TP, int(NOW * 1000))  # a batch that was under way
    here.measured(TP, 1)  # so was a question to Kafka
    assert (shown(TP), shown(TP, "copse_lag_records")) == (None, None)
    assert shown(OTHER, "copse_lag_records") == 1
    Lag().assigned([TP])  # a new consumer, where the one before was given up
    assert (shown(OTHER), shown(OTHER, "copse_lag_records")) == (None, None)
    assert shown(TP) == 0
