"""What every contract keeps to."""

import pytest

from deploy.docs import system
from shared.events.event import EVENTS


@pytest.mark.parametrize("event", system.events().values(), ids=lambda event: event.__name__)
def test_an_event_says_in_a_sentence_what_is_now_true(event: type):
    words = event.__doc__ or ""
    assert words.strip().endswith("."), f"{event.__name__} needs a docstring of one sentence"
    assert "\n\n" not in words.strip()


def test_an_event_stands_on_a_declared_topic_of_its_owner():
    for event in system.events().values():
        assert event.topic in system.topics()
        assert event.topic.split(".")[0] == event.__module__.split(".")[-1]
        assert event.key_field in event.model_fields


def test_addresses_of_people_stand_on_one_topic_alone():
    personal = {"email", "phone", "address", "display_name", "person_name"}
    for event in system.events().values():
        assert event.topic == "membership.people" or not personal & event.model_fields.keys()


def test_a_consumer_group_is_named_after_its_service():
    assert [service.on.group for service in system.services()] == [
        s.name for s in system.services()
    ]


def test_events_of_tests_are_none_of_the_systems():
    assert system.events().keys() <= EVENTS.keys()
    assert all(kind.startswith("copse.") for kind in system.events())
