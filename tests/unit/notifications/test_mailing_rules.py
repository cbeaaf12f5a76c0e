"""What becomes of a mail after a try, and what people choose."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifications.delivery.model import (
    NotToResend,
    Preferences,
    Subscription,
    after,
    resend,
    waiting,
)
from services.notifications.delivery.model.transitions import WAITS
from services.notifications.telling.model import Notification

NOW = datetime(2030, 4, 9, 13, tzinfo=UTC)


def a_notification(**fields: Any) -> Notification:
    usual = {
        "notification_id": "1",
        "notice_id": "n",
        "person_id": "ann",
        "category": "meetings",
        "at": NOW,
        "state": "queued",
        "next_at": NOW,
    }
    return Notification.model_validate(usual | fields)


def test_a_refusal_for_now_is_tried_again_later_and_later() -> None:
    pauses = [after("deferred", "451", n, NOW).next_at - NOW for n in range(1, len(WAITS) + 1)]
    assert pauses == sorted(pauses)
    assert timedelta(days=2) < sum(pauses, timedelta()) < timedelta(days=5)


def test_somebody_gives_up_in_the_end() -> None:
    given_up = after("deferred", "451 later", len(WAITS) + 1, NOW)
    assert given_up.state == "failed"
    assert "451 later" in (given_up.reason or "")


def test_what_nobody_knows_is_not_tried_again() -> None:
    assert after("unknown", "", 1, NOW).state == "delivery-unknown"


def test_a_refusal_for_good_is_final() -> None:
    assert after("refused", "550", 1, NOW).state == "failed"


def test_a_mail_waits_a_week_for_a_fact_at_most() -> None:
    assert waiting("no address", a_notification(), NOW).state == "queued"
    assert (
        waiting("no address", a_notification(looks=99), NOW + timedelta(days=8)).state == "failed"
    )


def test_waiting_begins_briskly() -> None:
    assert waiting("no address", a_notification(), NOW).next_at - NOW < timedelta(seconds=1)


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "suppressed"])
def test_only_what_went_wrong_is_sent_again(state: str) -> None:
    with pytest.raises(NotToResend, match=state):
        resend(a_notification(state=state), NOW)


@pytest.mark.parametrize("state", ["failed", "delivery-unknown"])
def test_an_operator_sends_again_what_went_wrong(state: str) -> None:
    assert resend(a_notification(state=state), NOW).state == "queued"


def test_everything_is_mailed_until_somebody_says_otherwise() -> None:
    assert Preferences().refuse("meetings", "leads") is None


def test_mute_beats_every_category() -> None:
    chosen = Preferences(mute=True, mail={"meetings": True})
    assert chosen.refuse("meetings", "leads") == "muted"


def test_a_category_or_a_community_can_be_switched_off() -> None:
    chosen = Preferences(mail={"meetings": False}, mute_communities=("leads",))
    assert chosen.refuse("meetings", "other") == "category switched off"
    assert chosen.refuse("resources", "leads") == "community muted"
    assert chosen.refuse("resources", "other") is None


LINK = Subscription(token="t", person_id="ann", category="meetings", community_id="leads")


def test_an_unsubscribe_link_stops_its_scope_and_undoes_it() -> None:
    link, chosen = LINK.stop("category", Preferences())
    assert chosen.refuse("meetings", "other")
    link, chosen = link.stop("community", chosen)
    assert chosen.refuse("resources", "leads")
    link, chosen = link.undo(chosen)
    assert chosen.refuse("meetings", "leads") is None
    assert chosen.refuse("resources", "leads") is None


def test_an_unsubscribe_link_used_twice_is_undone_once() -> None:
    link, chosen = LINK.stop("category", Preferences())
    again, same = link.stop("category", chosen)
    assert (again, same) == (link, chosen)
    assert again.undo(same)[1].refuse("meetings", None) is None


def test_undo_leaves_alone_what_was_off_before() -> None:
    before = Preferences(mail={"meetings": False})
    link, chosen = LINK.stop("category", before)
    assert link.undo(chosen)[1].refuse("meetings", None)
