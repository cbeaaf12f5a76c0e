"""What templates may say, and what is refused when one is saved."""

import tracemalloc
from typing import Any

import pytest

from services.notifications.telling.model import Rule, require_workable_template, sample
from services.notifications.telling.store import built_in
from services.notifications.wording.model import Draft, Message, UnknownVariable, UnusableTemplate

ANNOUNCED = built_in.rules()["meeting-announced"]
UNKNOWN = Rule.model_validate(
    {
        "rule_id": "trained",
        "event": "org.training.Completed",
        "audience": {"people": "data.person"},
        "category": "training",
        "template": "trained",
    }
)


def a_draft(text: str = "Yes.", **fields: Any) -> Draft:
    usual = {"subject": "News", "text": text, "action": {"label": "Look", "url": "https://x.org"}}
    return Draft.model_validate(usual | fields)


def filled(text: str = "Yes.", context: dict[str, Any] | None = None, **fields: Any) -> Message:
    return a_draft(text, **fields).fill(sample(ANNOUNCED) | (context or {}))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{{ colour }}", "colour"),
        ("{{ data.colour }}", "data.colour"),
        ('{{ data["colour"] }}', "data.colour"),
        ("{{ meeting.colour.deep }}", "meeting.colour"),
        ("{% if data.title %}{% else %}{{ data.colour }}{% endif %}", "data.colour"),
        ("{% for one in data.colours %}{{ one }}{% endfor %}", "data.colours"),
        ("{{ range(3) }}", "range"),
        ("{{ person.email }}", "person.email"),
    ],
)
def test_an_unknown_variable_is_refused_and_named(text: str, named: str) -> None:
    with pytest.raises(UnknownVariable) as refused:
        require_workable_template("mine", a_draft(text), [ANNOUNCED])
    assert refused.value.status == 422
    assert f"`{named}`" in refused.value.detail
    assert refused.value.extra["unknown"] == [named]


@pytest.mark.parametrize("field", ["subject", "html", "more"])
def test_every_part_is_looked_at(field: str) -> None:
    with pytest.raises(UnknownVariable) as refused:
        require_workable_template("mine", a_draft(**{field: "{{ colour }}"}), [ANNOUNCED])
    assert refused.value.extra["errors"][0]["field"] == field  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    [
        "{% if data.colour is defined %}{{ data.colour }}{% endif %}",
        "{{ data.colour | default('none') }}",
        "{% if community is defined %}{{ community.name }}{% endif %}",
        "{% set mine = 1 %}{{ mine }}",
        "{{ when(meeting) }} {{ data.starts_at|local }} {{ name_of(person.person_id) }}",
    ],
)
def test_what_is_asked_for_first_may_be_missing(text: str) -> None:
    require_workable_template("mine", a_draft(text), [ANNOUNCED])


def test_every_rule_that_uses_a_template_must_fill_it_in() -> None:
    welcome = built_in.rules()["welcome"]
    require_workable_template("mine", a_draft("{{ meeting.title }}"), [ANNOUNCED])
    with pytest.raises(UnknownVariable, match="the rule welcome"):
        require_workable_template("mine", a_draft("{{ meeting.title }}"), [ANNOUNCED, welcome])


def test_of_an_event_type_nobody_described_anything_may_be_asked() -> None:
    require_workable_template(
        "mine", a_draft("{{ data.course.grade + 1 }}, {{ data.at|local }}"), [UNKNOWN]
    )


@pytest.mark.parametrize("text", ["{{ data.title", "{% if %}", "{{ data.title|no_such_filter }}"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UnusableTemplate):
        require_workable_template("mine", a_draft(text), [ANNOUNCED])


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ name_of.__globals__ }}",
        "{{ data.__class__ }}",
        "{{ 'x' * 99999999999 }}",
        "{{ when.__init__.__globals__ }}",
    ],
)
def test_no_template_reaches_beyond_what_it_is_given(text: str) -> None:
    with pytest.raises((UnknownVariable, UnusableTemplate)):
        require_workable_template("mine", a_draft(text), [ANNOUNCED])


@pytest.mark.parametrize(
    "text",
    [
        '{{ "x"|center(900000000)|length }}',
        '{{ "x".center(900000000)|length }}',
        '{{ "x".ljust(900000000)|length }}',
        '{{ "x"|indent(900000000)|length }}',
        '{{ "%900000000d"|format(1)|length }}',
        '{{ ("%900000000d" % 1)|length }}',
        '{{ "{:900000000}".format(1)|length }}',
        "{{ ((1,) * 900000000)|length }}",
        '{{ "x"|list|batch(900000000, "y")|list|length }}',
        '{{ "x"|slice(900000000)|list|length }}',
        "{{ [1]|tojson(900000000)|length }}",
        '{{ 1|round(900000000, "floor") }}',
        "{{ (1).to_bytes(900000000, 'big')|length }}",
        "{% set x = " + "9" * 30 + " %}{{ x * x }}",
        '{% set x = "' + "y" * 9000 + '" %}{{ x|replace("y", x)|length }}',
        '{% set x = "' + "y" * 900 + '" %}{{ (x|join(x))|length }}',
        '{% set x = "y" %}' + "{% set x = x + x %}" * 40 + "{{ x|length }}",
        '{% set x = "y" %}' + "{% set x = x ~ x %}" * 40 + "{{ x|length }}",
        '{% set x = "y" %}' + "{% set x = [x, x] %}" * 40 + "{{ x|string|length }}",
        "{% set x = 'y' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40 + "{{ x|length }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for a in 'x' %}{% for b in 'x' %}{% for c in 'x' %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in '" + "x" * 2000 + "' %}{% endfor %}",
        "{% set x = '"
        + "y" * 900
        + "' %}{% for a in x %}{% for b in x %}{{ x }}{% endfor %}{% endfor %}",
        "{% for a in ['x'] recursive %}{{ loop(['x']) }}{% endfor %}",
    ],
)
def test_no_template_takes_all_memory_or_time(text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises((UnknownVariable, UnusableTemplate)):
            require_workable_template("mine", a_draft(text), [ANNOUNCED])
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ 1 + 2 * 3 % 4 }}", "3"),
        ("{{ 'a' + 'b' }}", "ab"),
        ("{{ ['b', 'a']|sort|join(', ') }}", "a, b"),
        ("{{ 'a-b'|replace('-', '+')|upper }}", "A+B"),
        ("{{ 'a b'.split(' ')|last }}", "b"),
        ("{% for one in ['a', 'b'] %}{{ loop.index }}{{ one }}{% endfor %}", "1a2b"),
        ("{% for one in ['a', 'b'] if one != 'a' %}{{ one }}{% else %}none{% endfor %}", "b"),
        ("{{ 'yes' if 'a' in ['a', 'b'] else 'no' }}", "yes"),
        ("{{ 'a long tale'|truncate(6, true, '', 0) }}", "a long"),
    ],
)
def test_what_messages_need_can_be_said(text: str, said: str) -> None:
    require_workable_template("mine", a_draft(text), [ANNOUNCED])
    assert filled(text).text == said


def test_confidential_mails_may_name_nothing_of_the_community() -> None:
    with pytest.raises(UnknownVariable, match="community"):
        require_workable_template("confidential", a_draft("{{ community.name }}"), [])
    require_workable_template("confidential", a_draft("{{ person.name }} {{ links.message }}"), [])


def test_html_in_a_name_is_escaped() -> None:
    evil = {"person": {"name": "<script>alert(1)</script>", "zone": "Europe/London"}}
    made = filled("Hello {{ person.name }}", evil)
    assert "<script>" in made.text
    assert "<script>" not in made.html
    own = filled(html="<p>Hello {{ person.name }}</p>", context=evil)
    assert own.html == "<p>Hello &lt;script&gt;alert(1)&lt;/script&gt;</p>"


def test_a_subject_is_one_short_line() -> None:
    made = filled(
        subject="{{ data.title }}", context={"data": {"title": "a\r\nBcc: eve\u2028@x" + "y" * 500}}
    )
    assert "\n" not in made.subject
    assert "\u2028" not in made.subject
    assert len(made.subject) == 200


def test_what_an_event_calls_items_is_no_method() -> None:
    draft = a_draft("{{ data.items }} {{ data.keys }}")
    context = sample(UNKNOWN)
    data = type(context["data"])("data", {"items": "seven", "keys": "two"})
    assert draft.fill(context | {"data": data}).text == "seven two"


def test_addresses_can_be_clicked_and_nothing_else() -> None:
    made = filled("See https://x.org/a?b=1&c=2. And javascript:alert(1)")
    assert '<a href="https://x.org/a?b=1&amp;c=2">https://x.org/a?b=1&amp;c=2</a>.' in made.html
    assert "javascript:alert(1)" in made.html
    assert 'href="javascript' not in made.html


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/London", "Tuesday 14 April 2026, 14:00 to 15:00 (Europe/London)"),
        ("America/New_York", "Tuesday 14 April 2026, 09:00 to 10:00 (America/New_York)"),
        ("Pacific/Auckland", "Wednesday 15 April 2026, 01:00 to 02:00 (Pacific/Auckland)"),
        ("Asia/Tokyo", "Tuesday 14 April 2026, 22:00 to 23:00 (Asia/Tokyo)"),
        ("Not/AZone", "Tuesday 14 April 2026, 14:00 to 15:00 (Europe/London)"),
        (None, "Tuesday 14 April 2026, 14:00 to 15:00 (Europe/London)"),
    ],
)
def test_times_are_the_readers_own(zone: str | None, said: str) -> None:
    context = {
        "person": {"name": "Ann", "zone": zone},
        "meeting": {"starts_at": "2026-04-14T13:00:00Z", "ends_at": "2026-04-14T14:00:00Z"},
    }
    assert filled("{{ when(meeting) }}", context).text == said
