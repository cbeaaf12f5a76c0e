"""How people are reached: by mail. The inbox needs no channel."""

from services.notifications.channels.invite import calendar_file
from services.notifications.channels.letterbox import links_for
from services.notifications.channels.mail import html, plain
from services.notifications.channels.pages import page
from services.notifications.channels.sender import deliver, hang_up
from services.notifications.channels.settings import MailSettings, ascii_address, settings_of

__all__ = [
    "MailSettings",
    "ascii_address",
    "calendar_file",
    "deliver",
    "hang_up",
    "html",
    "links_for",
    "page",
    "plain",
    "settings_of",
]
