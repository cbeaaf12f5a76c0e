"""Which event is told to whom: rules are data, and an event fits or does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.notifications.telling.model import (
    EventDoesNotFit,
    Notice,
    Rule,
    identify,
    require_fitting_event,
    require_workable_rule,
)
from services.notifications.telling.model.checks import UnknownField
from services.notifications.wording.model import Template, UnknownVariable
from shared.events.cloudevents import Envelope

NOW = datetime(2030, 4, 9, 13, tzinfo=UTC)


def a_rule(**fields: Any) -> Rule:
    usual = {
        "rule_id": "trained",
        "event": "org.training.Completed",
        "audience": {"people": "data.person"},
        "category": "training",
        "template": "trained",
    }
    return Rule.model_validate(usual | fields)


def an_event(data: dict[str, Any] | None = None, **attributes: Any) -> Envelope[dict[str, Any]]:
    usual = {
        "specversion": "1.0",
        "id": "1",
        "source": "/training",
        "type": "org.training.Completed",
        "time": NOW.isoformat(),
        "data": {"person": "ann", "course": {"kind": "first-aid"}} if data is None else data,
    }
    return Envelope[dict[str, Any]].model_validate(usual | attributes)


def the_notice(rule: Rule, event: Envelope[dict[str, Any]], at: datetime = NOW) -> Notice:
    notice = rule.notice(event, at, None)
    assert notice
    return notice


def a_template(**fields: Any) -> Template:
    action = {"label": "Look", "url": "{{ links.message }}"}
    usual = {"template_id": "trained", "subject": "Well done", "text": "Yes.", "action": action}
    return Template.model_validate(usual | fields)


def test_a_rule_fits_events_of_its_type_alone() -> None:
    assert a_rule().fits(an_event())
    assert not a_rule().fits(an_event(type="org.training.Booked"))
    assert not a_rule(enabled=False).fits(an_event())


def test_conditions_look_into_the_data() -> None:
    event = an_event()
    assert a_rule(when={"data.course.kind": "first-aid"}).fits(event)
    assert a_rule(when={"data.course.kind": ["swimming", "first-aid"]}).fits(event)
    assert not a_rule(when={"data.course.kind": "swimming"}).fits(event)
    assert not a_rule(when={"data.missing.deep": "x"}).fits(event)
    assert not a_rule(unless={"data.person": "ann"}).fits(event)
    assert a_rule(unless={"data.missing": "x"}).fits(event)


def test_a_condition_that_is_no_path_is_refused() -> None:
    with pytest.raises(ValidationError, match="kind must be a path"):
        a_rule(when={"kind": "x"})


def test_a_rule_that_tells_nobody_is_refused() -> None:
    with pytest.raises(ValidationError, match="members_of"):
        a_rule(audience={"except": "data.person"})


def test_an_audience_is_looked_up_in_the_event() -> None:
    audience = {
        "people": "data.people",
        "members_of": "data.c",
        "except": "data.by",
        "roles": ["member"],
    }
    event = an_event({"people": ["ann", "bob", "ann"], "c": "leads", "by": "bob"})
    who = the_notice(a_rule(audience=audience), event).recipients
    assert who.people == ("ann", "bob")
    assert (who.members_of, who.roles, who.except_people) == ("leads", ("member",), ("bob",))


def test_an_audience_may_be_meant_literally() -> None:
    notice = the_notice(a_rule(audience={"members_of": "leads"}), an_event())
    assert (notice.recipients.members_of, notice.community_id) == ("leads", "leads")


def test_the_subject_of_an_event_may_name_the_person() -> None:
    rule = a_rule(audience={"people": "event.subject"})
    assert the_notice(rule, an_event(subject="ann")).recipients.people == ("ann",)


@pytest.mark.parametrize(
    "data", [{}, {"person": None}, {"person": 7}, {"person": ""}, {"person": "a\nb"}]
)
def test_an_event_that_names_nobody_does_not_fit(data: dict[str, Any]) -> None:
    with pytest.raises(EventDoesNotFit, match=r"data\.person"):
        a_rule().notice(an_event(data), NOW, None)


def test_old_events_tell_nobody() -> None:
    old = an_event(time=(NOW - timedelta(days=8)).isoformat())
    assert a_rule().notice(old, NOW, None) is None
    assert a_rule(fresh_days=9).notice(old, NOW, None) is not None


def test_an_event_without_a_time_is_news() -> None:
    assert the_notice(a_rule(), an_event(time=None)).happened_at == NOW


def test_an_old_invitation_is_noted_so_that_its_end_can_be_told() -> None:
    old = an_event(time=(NOW - timedelta(days=8)).isoformat())
    notice = the_notice(a_rule(calendar="invitation"), old)
    assert not notice.fresh


def test_a_notice_is_the_same_however_often_the_event_comes() -> None:
    first = the_notice(a_rule(), an_event())
    again = the_notice(a_rule(), an_event(), NOW + timedelta(hours=1))
    assert first.notice_id == again.notice_id
    assert identify(first.notice_id, "ann") == identify(again.notice_id, "ann")
    others = [
        the_notice(a_rule(), an_event(id="2")),
        the_notice(a_rule(), an_event(source="/other")),
        the_notice(a_rule(rule_id="other"), an_event()),
    ]
    assert len({one.notice_id for one in [first, *others]}) == 4


def test_what_a_rule_tells_once_is_told_once_for_each_source() -> None:
    rule = a_rule(once="data.person")
    first = the_notice(rule, an_event())
    assert the_notice(rule, an_event(id="2")).notice_id == first.notice_id
    assert the_notice(rule, an_event(source="/other")).notice_id != first.notice_id


def test_whatever_systems_send_is_kept_as_it_came() -> None:
    data = {"person": "ann", "$where": {"a.b": 2**80}, "none": None, "text": "\x00"}
    assert the_notice(a_rule(), an_event(data)).source_event().data == data


def test_newcomers_count_as_if_they_had_been_there() -> None:
    notice = the_notice(a_rule(), an_event())
    assert notice.includes(NOW - timedelta(seconds=1))
    assert not notice.includes(NOW + timedelta(seconds=1))
    assert the_notice(a_rule(newcomers=True), an_event()).includes(NOW + timedelta(days=1))


def test_it_is_news_to_a_newcomer_if_the_event_or_the_joining_is() -> None:
    notice = the_notice(a_rule(), an_event())
    late = NOW + timedelta(days=10)
    assert not notice.is_fresh_for(NOW, late)
    assert notice.is_fresh_for(late, late)
    assert notice.is_fresh_for(NOW - timedelta(days=90), NOW)


JOINED = "copse.membership.MemberJoined.v1"


def test_a_rule_about_our_own_events_must_name_what_they_have() -> None:
    with pytest.raises(UnknownField) as refused:
        require_workable_rule(a_rule(event=JOINED), a_template())
    assert "data.person" in refused.value.detail
    assert "data.person_id" in refused.value.detail
    require_workable_rule(a_rule(event=JOINED, audience={"people": "data.person_id"}), a_template())


def test_a_rule_whose_template_needs_what_its_events_lack_is_refused() -> None:
    rule = a_rule(event=JOINED, audience={"people": "data.person_id"})
    with pytest.raises(UnknownVariable, match=r"data\.title"):
        require_workable_rule(rule, a_template(text="{{ data.title }}"))
    with pytest.raises(UnknownVariable, match="meeting"):
        require_workable_rule(rule, a_template(text="{{ meeting.title }}"))


def test_only_meetings_go_with_calendar_entries() -> None:
    rule = a_rule(event=JOINED, audience={"people": "data.person_id"}, calendar="invitation")
    with pytest.raises(UnknownField, match="meeting"):
        require_workable_rule(rule, a_template())


def test_a_rule_about_people_sees_their_id_alone() -> None:
    rule = a_rule(
        event="copse.membership.PersonRegistered.v1", audience={"people": "data.person_id"}
    )
    require_workable_rule(rule, a_template())
    with pytest.raises(UnknownVariable, match=r"data\.email"):
        require_workable_rule(rule, a_template(text="{{ data.email }}"))


def test_an_event_from_elsewhere_must_fill_in_its_template() -> None:
    template = a_template(text="{{ data.course.kind }} {{ data.course.grade }}")
    require_workable_rule(a_rule(), template)
    with pytest.raises(EventDoesNotFit, match=r"trained: data\.course\.grade is unknown"):
        require_fitting_event(the_notice(a_rule(), an_event()), template)
    data = {"person": "ann", "course": {"kind": "first-aid", "grade": 1}}
    require_fitting_event(the_notice(a_rule(), an_event(data)), template)
