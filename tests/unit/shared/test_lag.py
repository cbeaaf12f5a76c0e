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
    clock = Machine()
    monkeypatch.setattr(lag, "time", clock)
    lag.show_none()
    return clock


def a_lag(tp: TopicPartition) -> Lag:
    """The lag of a partition that is ours from now on."""
    ours = Lag(tp)
    ours.show()
    return ours


def shown(tp: TopicPartition, name: str = "copse_lag_seconds") -> float | None:
    """What a scrape would read."""
    return REGISTRY.get_sample_value(name, {"topic": tp.topic, "partition": str(tp.partition)})


def test_where_nothing_waits_the_lag_is_nothing(machine: Machine) -> None:
    ours = a_lag(TP)
    assert shown(TP) == 0
    for _ in range(3):
        ours.measured(0)
        machine.now += 1.1
        assert shown(TP) == 0


def test_a_record_in_a_stuck_hand_grows_older(machine: Machine) -> None:
    ours = a_lag(TP)
    ours.taken(int((NOW - 7) * 1000))
    assert shown(TP) == 7
    machine.now += 60
    ours.measured(3)
    assert shown(TP) == 67
    ours.applied(int(machine.now * 1000))
    assert shown(TP) == 0


def test_what_waits_unseen_is_no_younger_than_the_last_look_that_saw_nothing(
    machine: Machine,
) -> None:
    ours = a_lag(TP)
    ours.measured(0)
    machine.now += 2
    ours.measured(5)
    machine.now += 1
    assert shown(TP) == 3
    ours.measured(0)
    assert shown(TP) == 0


def test_while_nobody_can_ask_kafka_the_lag_grows(machine: Machine) -> None:
    ours = a_lag(TP)
    ours.measured(0)
    machine.now += 40
    assert shown(TP) == 40


@pytest.mark.parametrize("published_ms", [-1, 0, int((NOW + 3600) * 1000)])
def test_a_clock_that_is_wrong_hides_no_lag(machine: Machine, published_ms: int) -> None:
    ours = a_lag(TP)
    ours.taken(published_ms)
    machine.now += 30
    assert shown(TP) == 30


def test_what_is_no_longer_ours_is_no_longer_shown(machine: Machine) -> None:
    ours, other = a_lag(TP), a_lag(OTHER)
    ours.measured(1)
    other.measured(1)
    ours.close()
    ours.taken(int(NOW * 1000))  # a batch that was under way
    ours.measured(1)  # so was a question to Kafka
    assert (shown(TP), shown(TP, "copse_lag_records")) == (None, None)
    assert shown(OTHER, "copse_lag_records") == 1
    lag.show_none()  # a new consumer, where the one before was given up
    a_lag(TP)
    assert (shown(OTHER), shown(OTHER, "copse_lag_records")) == (None, None)
    assert shown(TP) == 0
