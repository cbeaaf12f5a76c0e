"""What operators see of deliveries. The names say mail, as that is what dashboards and alerts know them by."""

from typing import get_args

from prometheus_client import Counter, Gauge

from services.notifications.delivery.model import Outcome

MESSAGES = Counter(
    "copse_mails", "Messages by how an attempt to send them ended", ["channel", "outcome"]
)
SERVER_AWAY = Gauge(
    "copse_mail_server_away", "1 while a channel's server takes no message of ours", ["channel"]
)


def begin(channel: str) -> None:
    """Every series of a channel is there from the start: an increase from nothing is not seen as one."""
    for outcome in (*get_args(Outcome), "away"):
        MESSAGES.labels(channel, outcome)
    SERVER_AWAY.labels(channel).set(0)
