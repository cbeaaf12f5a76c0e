"""The messages that come with the house."""

import pytest

from services.notifications.telling.model import Rule, require_workable_template, sample
from services.notifications.telling.store import built_in
from services.notifications.wording.model.context import LINKS
from services.notifications.wording.store import built_in as wording

RULES = built_in.rules().values()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule_id)
def test_every_built_in_message_says_why_and_offers_one_thing_to_do(rule: Rule) -> None:
    template = wording.templates()[rule.template]
    require_workable_template(rule.template, template, [rule])
    context = sample(rule)
    data = context["data"]
    if "action_url" in data:
        context["data"] = type(data)("data", {**data, "action_url": None, "action_label": None})
    made = template.fill(context)
    category = built_in.categories()[
        "announcement" if rule.category.startswith("data.") else rule.category
    ]
    assert category.reason.startswith("You get this because")
    assert made.subject
    assert made.action_label
    own = [LINKS["message"], f"{LINKS['message']}/invite.ics"]
    assert made.action_url in [*own, data.get("feed_url"), data.get("url")]


def test_every_built_in_template_is_used_or_takes_the_place_of_others() -> None:
    assert set(wording.templates()) == {rule.template for rule in RULES} | {"confidential"}
