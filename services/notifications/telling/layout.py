"""What telling keeps for others to read, by its names."""

from typing import Literal

NOTIFICATIONS = "notifications"
"""A document for each person and notice: `{_id: notice id and a hash of the person's, person_id, notice_id, category, at, …}`."""
State = Literal["queued", "sending", "sent", "failed", "delivery-unknown", "suppressed"]
"""How far a notification's delivery is."""
