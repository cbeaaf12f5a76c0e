"""What delivery keeps, by the names that operators' tools use too."""

from services.notifications.telling.layout import NOTIFICATIONS, State

DELIVERIES = NOTIFICATIONS
"""A notification's document holds its delivery: `state`, `next_at`, `attempts`, `looks`, `reason`, `trail`, and while it
is being sent `attempt` and `lease_until`; `channel` where there is more than one."""
PREFERENCES = "preferences"
"""What people choose to get: `{_id: person_id, chosen}`."""
SUBSCRIPTIONS = "subscriptions"
"""What the links of messages stand for, by their tokens."""

SETTLED: tuple[State, ...] = ("sending", "sent", "failed", "delivery-unknown", "suppressed")
TROUBLED: tuple[State, ...] = ("failed", "delivery-unknown")
"""What an operator should look at, and may send again."""
