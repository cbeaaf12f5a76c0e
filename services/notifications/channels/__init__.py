"""How people are reached: by mail. The inbox needs no channel."""

from services.notifications.channels.invite import calendar_file
from services.notifications.channels.letterbox import links_for
from services.notifications.channels.mail import html, plain
from services.notifications.channels.pages import page
from services.notifications.channels.sender import Sender

__all__ = [
    "Sender",
    "calendar_file",
    "html",
    "links_for",
    "page",
    "plain",
]
